// Keeps the numbers of a campaign fresh; without it the page reloads itself.
const box = document.querySelector("[data-counts]");
const number = new Intl.NumberFormat(document.documentElement.lang || "en");

async function refresh() {
  const answer = await fetch(box.dataset.counts, { headers: { Accept: "application/json" } });
  if (!answer.ok) return setTimeout(refresh, 5000);
  const counts = await answer.json();
  for (const cell of box.querySelectorAll("[data-count]")) {
    cell.textContent = number.format(counts[cell.dataset.count]);
  }
  const bar = box.querySelector("progress");
  bar.max = Math.max(counts.audience, 1);
  bar.value = counts.settled;
  if (counts.state !== box.dataset.state) return location.reload();
  setTimeout(refresh, 1000);
}

if (box && box.dataset.over === "no") setTimeout(refresh, 1000);
