// Keeps a page up to date: fetches it again, applies what differs, and shows when that fails. Uploads dropped files to
// the bucket. Without this script every page still works, by reloading.
"use strict";

(() => {
  const ASK_S = 10;
  let received = performance.now();
  let lost = "";

  // Makes `old` equal to `fresh` but keeps its elements, so that focus, open details and a half-filled form survive.
  function adopt(old, fresh) {
    if (old.dataset && "keep" in old.dataset) return;
    for (const { name, value } of [...fresh.attributes]) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && !(name === "open" && old.tagName === "DETAILS")) old.removeAttribute(name);
    }
    const left = [...old.childNodes];
    const pairs = [...fresh.childNodes].map((node) => {
      const at = left.findIndex((there) => alike(there, node));
      return [node, at < 0 ? null : left.splice(at, 1)[0]];
    });
    for (const node of left) node.remove();
    let next = old.firstChild;
    for (const [node, there] of pairs) {
      if (there === null) {
        old.insertBefore(document.importNode(node, true), next);
        continue;
      }
      if (there === next) next = next.nextSibling;
      else old.insertBefore(there, next);
      if (node.nodeType === Node.ELEMENT_NODE) adopt(there, node);
      else if (there.data !== node.data) there.data = node.data;
    }
  }

  function alike(one, other) {
    return one.nodeName === other.nodeName && key(one) === key(other);
  }

  function key(node) {
    return node.nodeType === Node.ELEMENT_NODE ? node.id || node.getAttribute("aria-labelledby") : null;
  }

  function showAge() {
    const age = document.getElementById("age");
    if (!age) return;
    const seconds = Number(age.dataset.ageS) + (performance.now() - received) / 1000;
    const live = document.getElementById("main").dataset.pollS !== undefined;
    const stale = live && seconds > Number(age.dataset.staleAfterS);
    if (live) age.textContent = `${stale ? "Out of date: " : "Updated "}${said(seconds)} ${stale ? "old" : "ago"}`;
    age.classList.toggle("stale", stale);
    const banner = document.getElementById("connection");
    const text = !live ? "" : lost || (stale ? "This page is out of date." : "");
    if (banner.textContent !== text) banner.textContent = text;
    banner.hidden = !text;
  }

  function said(seconds) {
    return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
  }

  async function ask() {
    try {
      const answer = await fetch(location.href, {
        headers: { Accept: "text/html" },
        signal: AbortSignal.timeout(ASK_S * 1000),
      });
      if (answer.status === 401) {
        lost = "You are signed out: reload the page to sign in again.";
        return;
      }
      if (!answer.ok) {
        lost = `Connection lost: the application answered ${answer.status}.`;
        return;
      }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      lost = "";
      received = performance.now();
      document.title = page.title;
      const focused = document.activeElement && document.activeElement.id;
      adopt(document.getElementById("main"), page.getElementById("main"));
      if (focused && document.activeElement.id !== focused) document.getElementById(focused)?.focus();
    } catch {
      lost = "Connection lost: the application does not answer.";
    }
  }

  async function keepAsking() {
    for (;;) {
      const pollS = document.getElementById("main").dataset.pollS;
      if (pollS === undefined) return;
      await new Promise((resolve) => setTimeout(resolve, Number(pollS) * 1000));
      if (document.visibilityState === "visible") await ask();
      showAge();
    }
  }

  function dropping(form) {
    const input = document.getElementById("drop-file");
    const button = document.getElementById("drop-button");
    const progress = document.getElementById("drop-progress");
    const say = (text) => { document.getElementById("drop-said").textContent = text; };

    input.addEventListener("change", () => { button.disabled = !input.files.length; say(""); });
    for (const kind of ["dragover", "dragleave", "drop"]) {
      form.addEventListener(kind, (event) => {
        event.preventDefault();
        form.classList.toggle("over", kind === "dragover");
        if (kind === "drop" && event.dataTransfer.files.length) {
          input.files = event.dataTransfer.files;
          input.dispatchEvent(new Event("change"));
        }
      });
    }
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const file = input.files[0];
      button.disabled = true;
      try {
        say("Starting the upload…");
        const target = await place(form.dataset.start, file);
        progress.hidden = false;
        say(`Uploading ${file.name}…`);
        const generation = await put(target, file, (share) => { progress.value = share; });
        say("Uploaded. Opening its run…");
        const fields = new URLSearchParams({ object: target.object, generation });
        location.assign(`${form.dataset.start}?${fields}`);
      } catch (error) {
        progress.hidden = true;
        button.disabled = false;
        say(`${file.name} was not dropped. ${error.message}`);
      }
    });
    button.disabled = !input.files.length;
    document.getElementById("drop-without").hidden = true;
    form.hidden = false;
  }

  async function place(address, file) {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ name: file.name, size: file.size }),
    }).catch(() => { throw new Error("The application does not answer. Try again when it does."); });
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(said.error?.message ?? `The application answered ${answer.status}.`);
    return said;
  }

  // XMLHttpRequest, because fetch does not report an upload's progress.
  function put(target, file, onShare) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("PUT", target.url);
      request.setRequestHeader("Content-Type", target.content_type);
      request.upload.onprogress = (event) => { if (event.lengthComputable) onShare(event.loaded / event.total); };
      request.onerror = () => reject(new Error("The upload to Cloud Storage was interrupted. Drop the file again."));
      request.onload = () => {
        if (request.status !== 200 && request.status !== 201) {
          const exists = "An object of this name exists, and the application may not replace it. Rename the file.";
          const advice = request.status === 403 ? exists : "Drop the file again.";
          reject(new Error(`Cloud Storage answered ${request.status}. ${advice}`));
          return;
        }
        resolve(JSON.parse(request.responseText).generation);
      };
      request.send(file);
    });
  }

  const form = document.getElementById("drop-form");
  if (form) dropping(form);
  showAge();
  setInterval(showAge, 1000);
  document.addEventListener("visibilitychange", () => {
    const live = document.getElementById("main").dataset.pollS !== undefined;
    if (live && document.visibilityState === "visible") ask().then(showAge);
  });
  keepAsking();
})();
