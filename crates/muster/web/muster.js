// What makes the pages quicker to use. Nothing here is needed to read them or to send their forms.
"use strict";

// Times in the zone of whoever looks.
const shown = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
function localTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]:not([data-local])")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.valueOf())) continue;
    time.dataset.local = "";
    time.title = `${shown.format(at)} (${time.dateTime})`;
    if (/^\d/.test(time.textContent) && time.textContent.includes(":")) {
      time.textContent = shown.format(at);
    }
  }
}
localTimes(document);
document.addEventListener("htmx:after:swap", (event) => localTimes(event.target));

// Light or dark.
const themeSwitch = document.querySelector("[data-theme-switch]");
if (themeSwitch) {
  themeSwitch.hidden = false;
  themeSwitch.addEventListener("click", () => {
    const dark = document.documentElement.classList.toggle("dark");
    localStorage.setItem("theme", dark ? "dark" : "light");
  });
}

// Keys: / searches, g and a letter goes places, arrows walk through lists.
let going = false;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  if (event.key === "/") {
    const search = document.querySelector("input[type=search]");
    if (search) {
      event.preventDefault();
      search.focus();
    }
    return;
  }
  if (going) {
    going = false;
    const place = document.querySelector(`.places a[data-key="${CSS.escape(event.key)}"]`);
    if (place) location.assign(place.href);
    return;
  }
  if (event.key === "g") {
    going = true;
    setTimeout(() => { going = false; }, 1500);
    return;
  }
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const rows = [...document.querySelectorAll("[data-rows] a[data-row]")];
    if (rows.length === 0) return;
    const at = rows.indexOf(document.activeElement);
    const next = event.key === "ArrowDown" ? Math.min(at + 1, rows.length - 1) : Math.max(at - 1, 0);
    event.preventDefault();
    rows[next].focus();
  }
});

// What happens in a round, while it happens; the page as it is then, when it has ended.
const progress = document.querySelector("[data-progress]");
if (progress) {
  const source = new EventSource(progress.dataset.progress);
  source.addEventListener("step", (event) => {
    const line = document.createElement("li");
    line.textContent = event.data;
    progress.querySelector("ol").append(line);
  });
  source.addEventListener("ended", () => {
    source.close();
    location.replace(location.pathname);
  });
}
