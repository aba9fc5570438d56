"use strict";
// Acts through /_sandbox/act/* as the person picked, and looks again twice a second. All HTML comes escaped from the server.

const root = document.body.dataset.root;
const parts = ["sidebar", "main", "thread", "modal"];
const last = Object.fromEntries(parts.map((name) => [name, null]));
const status = document.getElementById("status");
let version = document.body.dataset.version;
let statusTimer = 0;

const me = () => document.getElementById("who").value;

function say(words, bad = false) {
  status.textContent = words;
  status.classList.toggle("bad", bad);
  clearTimeout(statusTimer);
  statusTimer = setTimeout(() => { status.textContent = ""; }, bad ? 8000 : 2500);
}

function toEnd(part) {
  const list = document.querySelector(`#${part} .messages`);
  if (list) list.scrollTop = list.scrollHeight;
}

function put(name, html) {
  if (last[name] === html) return;
  const box = document.getElementById(name);
  if (name === "modal") return putModal(box, html);
  const list = box.querySelector(".messages");
  const stays = list && list.scrollHeight - list.scrollTop - list.clientHeight > 80 ? list.scrollTop : null;
  const draft = box.querySelector(".composer input");
  const typed = draft && { value: draft.value, focused: draft === document.activeElement };
  box.innerHTML = html;
  const fresh = box.querySelector(".composer input");
  if (fresh && typed) {
    fresh.value = typed.value;
    if (typed.focused) fresh.focus();
  }
  if (stays === null) toEnd(name);
  else box.querySelector(".messages").scrollTop = stays;
  last[name] = html;
}

function putModal(box, html) {
  const old = box.querySelector(".modal");
  const kept = old && new Map([...old.querySelectorAll("[data-input]")].map((one) => [key(one), one]));
  const oldId = old && old.dataset.viewId;
  box.innerHTML = html;
  last.modal = html;
  const now = box.querySelector(".modal");
  if (!now) return;
  if (kept && now.dataset.viewId === oldId) {
    for (const one of now.querySelectorAll("[data-input]")) {
      const before = kept.get(key(one));
      if (before && before.tagName === one.tagName) one.replaceWith(before);
    }
  }
  for (const one of now.querySelectorAll("[data-initial]")) {
    if (one.dataset.initial) one.value = new Date(one.dataset.initial * 1000).toISOString().slice(0, 16);
  }
  (now.querySelector("[data-input]") || now.querySelector("button")).focus();
}

const key = (one) => `${one.dataset.blockId} ${one.dataset.actionId}`;

async function look(force = false) {
  const query = new URLSearchParams(location.search);
  query.set("as", me());
  query.set("version", force ? "" : version);
  const answer = await fetch(`${root}/_page/parts?${query}`).catch(() => null);
  if (!answer || answer.status !== 200) return;
  const fresh = await answer.json();
  version = fresh.version;
  for (const name of parts) put(name, fresh.parts[name]);
}

async function act(what, body) {
  say("Sending…");
  const answer = await fetch(`${root}/_sandbox/act/${what}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user: me(), ...body }),
  }).catch(() => null);
  const report = answer ? await answer.json() : { error: "the sandbox is gone" };
  tell(report);
  await look(true);
  return report;
}

function tell(report) {
  if (report.message && report.error) say(report.message, true);
  else if (report.client_errors) say("Some answers are missing.", true);
  else if (report.acknowledged) say(`Makewhole acknowledged in ${Math.round(report.milliseconds)} ms`);
  else if (report.sent) say(`Makewhole did not acknowledge (${report.error || "no answer"})`, true);
  else if ("status" in report) say("No app is listening yet: start Makewhole first.", true);
  else say("");
}

function held(one) {
  const chosen = [...one.querySelectorAll("input:checked")].map((box) => box.value);
  switch (one.dataset.kind) {
    case "radio_buttons": return chosen[0] ?? null;
    case "checkboxes": return chosen;
    case "datetimepicker": return one.value ? Math.floor(new Date(`${one.value}Z`) / 1000) : null;
    default: return one.multiple ? [...one.selectedOptions].map((option) => option.value) : one.value || null;
  }
}

function values(within) {
  const found = {};
  for (const one of within.querySelectorAll("[data-input]")) {
    if (one.dataset.kind === "overflow") continue;
    (found[one.dataset.blockId] ??= {})[one.dataset.actionId] = held(one);
  }
  return found;
}

function where(one) {
  const { viewId, channel, ts, blockId, actionId } = one.dataset;
  const within = one.closest(".modal, [data-home], .message");
  const place = viewId ? { view_id: viewId } : { channel, ts };
  return { ...place, block_id: blockId, action_id: actionId, values: within ? values(within) : {} };
}

function confirmed(one) {
  const wording = one.parentElement.querySelector("template.confirm");
  if (!wording) return Promise.resolve(true);
  const dialog = document.getElementById("confirm");
  dialog.replaceChildren(wording.content.cloneNode(true));
  dialog.returnValue = "deny";
  for (const button of dialog.querySelectorAll("button")) button.onclick = () => dialog.close(button.value);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(dialog.returnValue === "confirm");
  });
}

async function click(button) {
  if (!(await confirmed(button))) return;
  if (button.dataset.url) window.open(button.dataset.url, "_blank", "noopener");
  button.classList.add("busy");
  await act("click", where(button));
  button.classList.remove("busy");
}

async function choose(one) {
  const choice = held(one);
  if (choice === null || !(await confirmed(one))) return;
  await act("click", { ...where(one), choice });
}

async function submitModal(form) {
  for (const one of form.querySelectorAll(".error")) one.textContent = "";
  const report = await act("submit", { view_id: form.dataset.viewId, values: values(form) });
  const errors = report.client_errors || report.errors || {};
  const now = document.querySelector(".modal") || form;
  for (const [block, words] of Object.entries(errors)) {
    const line = [...now.querySelectorAll("[data-error-for]")].find((one) => one.dataset.errorFor === block);
    if (line) line.textContent = words;
  }
  const general = now.querySelector('[data-error-for=""]');
  if (general && report.sent && !report.acknowledged) general.textContent = "We had some trouble connecting. Try again?";
}

async function send(form) {
  const text = form.elements.text.value.trim();
  if (!text) return;
  form.elements.text.value = "";
  const { channel, thread } = form.dataset;
  const [command, ...rest] = text.split(" ");
  if (command.startsWith("/")) await act("command", { channel, command, text: rest.join(" ") });
  else await act("message", { channel, text, thread_ts: thread || null });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-click]");
  if (button && !button.classList.contains("busy")) click(button);
  const closing = event.target.closest("[data-close]");
  if (closing) act("close", { view_id: closing.closest(".modal").dataset.viewId, everything: closing.dataset.close === "everything" });
});
document.addEventListener("change", (event) => {
  if (event.target.id === "who") {
    const query = new URLSearchParams(location.search);
    query.set("as", me());
    location.search = query;
    return;
  }
  const one = event.target.closest("[data-input][data-sends]");
  if (one) choose(one);
});
document.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.target.matches(".modal")) submitModal(event.target);
  else if (event.target.matches(".composer")) send(event.target);
});
document.addEventListener("keydown", (event) => {
  const modal = document.querySelector(".modal");
  if (event.key === "Escape" && modal && !document.querySelector("dialog[open]")) act("close", { view_id: modal.dataset.viewId });
});

for (const name of ["main", "thread"]) toEnd(name);
if (document.querySelector("[data-home]")) act("app_home", {});
look(true);
setInterval(look, 500);
