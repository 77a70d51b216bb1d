// Keeps times in the page going between two answers of the server, on the server's clock.
(() => {
  "use strict";
  let seen = null;
  let serverAtZero = 0;

  function now() {
    const content = document.getElementById("content");
    if (content !== seen) {
      seen = content;
      serverAtZero = Number(content.dataset.now) - performance.now() / 1000;
    }
    return "frozen" in content.dataset
      ? Number(content.dataset.now)
      : serverAtZero + performance.now() / 1000;
  }

  // As `pictures.duration` has it.
  function duration(seconds) {
    if (seconds < 60) return `${seconds} s`;
    const units = [[86400, "d", 3600, "h"], [3600, "h", 60, "min"], [60, "min", 1, "s"]];
    const [unit, name, smaller, smallerName] = units.find(([each]) => seconds >= each);
    const rest = Math.floor((seconds % unit) / smaller);
    const whole = `${Math.floor(seconds / unit)} ${name}`;
    return rest ? `${whole} ${rest} ${smallerName}` : whole;
  }

  function relative(at) {
    const left = Date.parse(at) / 1000 - now();
    if (Math.abs(left) < 1) return "now";
    const length = duration(Math.round(Math.abs(left)));
    return left > 0 ? `in ${length}` : `${length} ago`;
  }

  function show(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  function tick() {
    for (const each of document.querySelectorAll("time[data-relative]")) {
      show(each, relative(each.dateTime));
    }
    for (const each of document.querySelectorAll("time[data-clock]")) {
      show(each, new Date(now() * 1000).toISOString().slice(0, 19).replace("T", " "));
    }
  }

  setInterval(tick, 1000);
})();

// Has the page made anew when the server tells that it has changed. Not while nobody sees it: a
// browser has six connections to a host over plain HTTP, and each stream takes one.
(() => {
  "use strict";
  const AGAIN_MS = 10_000;
  const page = document.querySelector("[data-live]");
  let source = null;
  let timer = null;
  if (!page) return;

  function refresh() {
    htmx.trigger(page, "changed");
  }

  function close() {
    clearTimeout(timer);
    source?.close();
    source = null;
  }

  function open() {
    source = new EventSource(page.dataset.live);
    source.addEventListener("changed", refresh);
    source.addEventListener("over", () => {
      close();
      refresh();
    });
    source.addEventListener("error", () => {
      // A connection that was lost the browser makes again by itself, but not one that was refused.
      if (source?.readyState !== EventSource.CLOSED) return;
      refresh();
      timer = setTimeout(follow, AGAIN_MS);
    });
  }

  function follow() {
    close();
    if (!document.hidden) open();
  }

  document.addEventListener("visibilitychange", follow);
  follow();
})();
