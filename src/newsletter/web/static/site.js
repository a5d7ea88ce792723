// Small conveniences on top of pages that work without them.

const header = document.querySelector("header.top");
let last = 0;

// The header comes back when one scrolls up, and is out of the way when one reads on.
addEventListener("scroll", () => {
  const now = Math.max(0, scrollY);
  if (Math.abs(now - last) < 12) return;
  header?.classList.toggle("follows", now < last && now > 200);
  last = now;
}, { passive: true });

async function copy(button, text, done) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    return;
  }
  const before = button.textContent;
  button.textContent = done;
  setTimeout(() => { button.textContent = before; }, 2000);
}

if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button, button.dataset.copy, button.dataset.done));
  }
  const prose = document.querySelector("[data-copy-word]");
  for (const code of prose?.querySelectorAll("pre.code") ?? []) {
    const block = document.createElement("div");
    block.className = "code-block";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy-code";
    button.textContent = prose.dataset.copyWord;
    button.addEventListener("click", () => copy(button, code.innerText, prose.dataset.copiedWord));
    code.replaceWith(block);
    block.append(code, button);
  }
}

// Code that is wider than the page can be scrolled by keyboard.
for (const wide of document.querySelectorAll(".prose pre, .prose table")) {
  if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
}

// On wide screens footnotes stand beside the line that refers to them.
function placeNotes() {
  const prose = document.querySelector("article > .prose");
  if (!prose?.querySelector(".footnotes")) return;
  for (const old of prose.querySelectorAll(".side-note")) old.remove();
  const isWide = matchMedia("(min-width: 82rem)").matches;
  prose.classList.toggle("with-side-notes", isWide);
  if (!isWide) return;
  let free = 0;
  for (const reference of prose.querySelectorAll(".footnote-ref a")) {
    const note = document.getElementById(decodeURIComponent(reference.hash.slice(1)));
    if (!note) continue;
    const aside = document.createElement("div");
    aside.className = "side-note";
    aside.setAttribute("aria-hidden", "true");
    const number = document.createElement("sup");
    number.textContent = reference.textContent;
    aside.append(number, " ", ...[...note.cloneNode(true).childNodes]);
    for (const back of aside.querySelectorAll(".footnote-backref")) back.remove();
    for (const link of aside.querySelectorAll("a")) link.tabIndex = -1;
    prose.append(aside);
    const wanted = reference.getBoundingClientRect().top - prose.getBoundingClientRect().top;
    aside.style.top = `${Math.max(wanted, free)}px`;
    free = Math.max(wanted, free) + aside.offsetHeight + 12;
  }
}
placeNotes();
addEventListener("resize", placeNotes);
document.fonts?.ready.then(placeNotes);
