// Liking and writing without leaving the page; all of it works by plain forms and links as well.

const live = document.querySelector("[data-live]");

const read = async (answer) => new DOMParser().parseFromString(await answer.text(), "text/html");

function say(text) {
  if (!live) return;
  live.textContent = "";
  setTimeout(() => { live.textContent = text; }, 50);
}

// Where our way fails, the browser's own is left to try.
const plainly = new WeakSet();

async function like(form, button) {
  const action = button.getAttribute("formaction");
  let answer;
  try {
    answer = await fetch(action, {
      method: "POST", body: new FormData(form, button), headers: { Accept: "application/json" },
    });
  } catch {
    return;
  }
  if (!answer.ok) {
    plainly.add(form);
    form.requestSubmit(button);
    return;
  }
  const { liked, shown, said } = await answer.json();
  for (const each of document.querySelectorAll("button.like")) {
    if (each.getAttribute("formaction") !== action) continue;
    each.setAttribute("aria-pressed", liked);
    each.value = liked ? "no" : "yes";
    each.querySelector("[data-number]").textContent = shown;
    each.querySelector("[data-said-number]").textContent = said;
  }
}

async function openAnswer(link) {
  const comment = link.closest("article");
  const open = comment.querySelector("form.write");
  if (open) return open.querySelector("textarea").focus();
  const answer = await fetch(link.href);
  const form = answer.ok && !answer.redirected && (await read(answer)).querySelector("form.write");
  if (!form) return location.assign(link.href);
  comment.append(form);
  form.querySelector("textarea").focus();
}

function closeAnswer(form) {
  const comment = form.closest("article");
  form.remove();
  comment?.querySelector("[data-answer]")?.focus();
}

// The comment as its own page shows it goes to where it belongs on this one.
function place(item, form) {
  const parent = form.closest("article")?.closest("li");
  let list = document.querySelector(".discussion .threads");
  if (parent) {
    list = parent.querySelector(":scope > .below, :scope > .answers > .below");
    if (!list) {
      list = document.createElement("ol");
      list.className = "below";
      parent.append(list);
    }
    list.append(item);
  } else if (list) {
    list.prepend(item);
  }
  return Boolean(list);
}

async function send(form) {
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    const page = await read(answer);
    if (answer.ok) {
      const item = page.getElementById(`c-${answer.url.split("/").pop()}`)?.closest("li");
      if (!item || !place(item, form)) return location.assign(answer.url);
      const comment = item.querySelector("article");
      say(comment.querySelector(".comment-state")?.textContent ?? form.dataset.done);
      if (form.closest("article")) form.remove();
      else form.reset();
      comment.tabIndex = -1;
      comment.focus();
    } else {
      const again = page.querySelector("form.write");
      if (!again) throw new Error("not a form");
      form.replaceWith(again);
      again.querySelector(".problem")?.focus();
    }
  } catch {
    plainly.add(form);
    button.disabled = false;
    return form.requestSubmit();
  }
  button.disabled = false;
}

addEventListener("submit", (event) => {
  const form = event.target;
  const isLike = event.submitter?.matches("button.like[formaction]");
  if (plainly.has(form) || !(isLike || form.matches("[data-write='here']"))) return;
  event.preventDefault();
  if (isLike) like(form, event.submitter);
  else send(form);
});

addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const link = event.target.closest?.("[data-answer], article [data-cancel]");
  if (link) {
    event.preventDefault();
    if (link.matches("[data-answer]")) openAnswer(link);
    else closeAnswer(link.closest("form"));
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
