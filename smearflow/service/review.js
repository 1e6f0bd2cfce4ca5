"use strict";
// The page of a review. What is next and what is kept, the server says; here the next pictures wait, so that a key
// shows the next cell at once, while its decision goes to the disk.

const at = (id) => document.getElementById(id);
const CONTRASTS = [1, 1.5, 2.2], BRIGHTNESSES = [1, 1.3, 1.7, 0.7];
const WORDS = { exclude: "excluded", unsure: "unsure" };
const view = { zoom: 1, x: 0, y: 0, contrast: 0, brightness: 0 };
const pictures = new Map(); // sha256 -> its <img>, loaded before it is wanted
let reader = sessionStorage.getItem("reader") || "";
let state = null;
let cells = []; // those to come, the shown one first
let waiting = Promise.resolve(); // writes go out one by one, in order
let pending = 0; // writes that aren't answered yet
let round = 0; // after a write that failed, those behind it aren't sent
let held = false, over = false; // held: an undo is under way; over: nothing can be written now

// --- talking to the server
async function ask(path, body) {
  const how = body ? { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) } : {};
  let answer;
  try { answer = await fetch(path, how); } catch { throw new Error("The review doesn't answer: it was ended, or its process was. Start `smearflow review` again, and open the address that it prints. All decisions up to here are kept."); }
  const told = answer.headers.get("Content-Type") === "application/json" ? await answer.json() : { error: await answer.text() };
  if (!answer.ok) throw new Error(told.error);
  return told;
}

function write(path, body) {
  const mine = round;
  pending += 1;
  waiting = waiting.then(async () => {
    if (mine !== round) return;
    try {
      const told = await ask(path, { reader, ...body() });
      pending -= 1;
      take(told);
    } catch (error) {
      round += 1;
      await recover(error);
    }
  });
  return waiting;
}

async function recover(error) { // the server's word on what is next comes first
  over = true;
  complain(`Not kept: ${error.message}`);
  cells = state.cells; // as they were when all was kept
  show();
  for (;;) {
    try {
      const told = await ask(`state?reader=${encodeURIComponent(reader)}`);
      over = false; pending = 0; cells = [];
      take(told);
      return;
    } catch { await new Promise((done) => setTimeout(done, 2000)); }
  }
}

function complain(text) { at("problem").textContent = text; at("problem").hidden = !text; }

function take(told) {
  state = told;
  reader = told.reader;
  sessionStorage.setItem("reader", reader);
  const before = cells[0] && cells[0].sha256;
  if (pending === 0) cells = told.cells; // else it doesn't know yet of decisions that are under way
  preload();
  standing();
  if (pending === 0 && (!cells[0] || cells[0].sha256 !== before || !at("stage").firstChild)) show();
}

// --- what is seen
function picture(sha256) {
  if (!pictures.has(sha256)) {
    const image = new Image();
    image.src = `picture/${sha256}`;
    image.draggable = false;
    pictures.set(sha256, image);
  }
  return pictures.get(sha256);
}

function preload() {
  const wanted = new Set();
  for (const cell of cells) {
    wanted.add(cell.sha256);
    for (const row of cell.near) for (const each of row.cells) wanted.add(each.sha256);
  }
  for (const cell of cells) picture(cell.sha256);
  for (const sha256 of wanted) picture(sha256);
  for (const sha256 of pictures.keys()) if (!wanted.has(sha256)) pictures.delete(sha256);
}

function classesOf(cell) { // the class of key 1, and of key 2
  return cell.given ? [cell.given, state.classes.find((each) => each !== cell.given)] : state.classes;
}

function show() {
  const cell = cells[0];
  at("review").hidden = !cell;
  at("done").hidden = Boolean(cell);
  hideOpinion();
  if (!cell) {
    done("Every cell was looked at.", "Finish, and the next run learns from it.");
    return;
  }
  const [first, second] = classesOf(cell);
  at("given").replaceChildren(...(cell.given ? ["Its label: ", strong(cell.given)] : ["It has no label yet"]));
  const image = picture(cell.sha256);
  image.alt = cell.given ? `a cell labelled ${cell.given}` : "a cell without label";
  at("stage").replaceChildren(image);
  view.x = view.y = 0;
  adjust();
  at("file").textContent = cell.file;
  label("first", cell.given ? `Keep: ${first}` : first, cell.given ? "K" : "1");
  label("second", cell.given ? `It is ${second}` : second, cell.given ? "R" : "2");
  for (const each of document.querySelectorAll("[data-with]")) each.hidden = !cell.given;
  for (const each of document.querySelectorAll("[data-without]")) each.hidden = Boolean(cell.given);
  near(cell);
}

function strong(text) { const b = document.createElement("b"); b.textContent = text; return b; }

function label(what, text, key) {
  const button = document.querySelector(`[data-do=${what}]`), kbd = document.createElement("kbd");
  kbd.textContent = key;
  button.replaceChildren(text, kbd);
}

function near(cell) {
  const parts = [];
  for (const row of cell.near) {
    if (!row.cells.length) continue;
    const title = document.createElement("h2"), sheet = document.createElement("div");
    title.append(...(row.label ? ["Near it, labelled ", strong(row.label)] : ["Near it on the slide"]));
    for (const each of row.cells) {
      const image = picture(each.sha256);
      image.alt = row.label ? `a neighbour labelled ${row.label}` : "a neighbour";
      image.title = each.file;
      image.removeAttribute("style");
      sheet.append(image);
    }
    parts.push(title, sheet);
  }
  if (!parts.length) { const none = document.createElement("p"); none.textContent = "No other cell of this patient is here."; parts.push(none); }
  at("near").replaceChildren(...parts);
}

function adjust() {
  const image = at("stage").firstChild;
  if (!image) return;
  const far = (view.zoom - 1) / 2 * at("stage").clientWidth;
  view.x = Math.max(-far, Math.min(far, view.x));
  view.y = Math.max(-far, Math.min(far, view.y));
  image.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.zoom})`;
  const light = `contrast(${CONTRASTS[view.contrast]}) brightness(${BRIGHTNESSES[view.brightness]})`;
  image.style.filter = light;
  at("near").style.filter = light; // compared in the same light
}

function standing() {
  const lines = state.sentences.map((text) => { const p = document.createElement("p"); p.textContent = text; return p; });
  if (state.enough) lines[lines.length - 1].className = "enough";
  const { decided, today, cells: all, hourly } = state.figures;
  const words = [`${today.toLocaleString("en")} today`, `${decided.toLocaleString("en")} of ${all.toLocaleString("en")}`];
  if (hourly) words.push(`${Math.round(hourly).toLocaleString("en")} an hour`);
  at("pace").textContent = words.join(" · ");
  at("standing").replaceChildren(...lines);
  at("who").textContent = reader;
  document.querySelector("[data-do=undo]").disabled = !state.last && pending === 0;
  at("last").textContent = state.last ? `Your last: ${state.last.file}, ${WORDS[state.last.decided] || state.last.decided}` : "";
}

function done(title, text) {
  at("review").hidden = true;
  at("done").hidden = false;
  at("done").querySelector("h1").textContent = title;
  at("done").querySelector("p").textContent = text;
}

// --- what can be done
function decide(decided) {
  const cell = cells[0];
  if (!cell || held || over) return;
  complain("");
  cells = cells.slice(1);
  write("decide", () => ({ sha256: cell.sha256, decided }));
  document.querySelector("[data-do=undo]").disabled = false;
  if (cells.length) show(); // else when the server has said what is next
  at("told").textContent = `${WORDS[decided] || decided}. ${cells[0] ? `Next: ${cells[0].given || "no label"}` : ""}`;
}

let asked = false;
async function showOpinion() {
  const cell = cells[0];
  if (!cell || asked) return;
  asked = true;
  try {
    const told = await ask("opinion", { reader, sha256: cell.sha256 });
    if (!asked || cells[0] !== cell) return;
    at("says").textContent = told ? `The model: ${Math.round(100 * told.probability)} % ${told.positive}` : "No model has looked at this cell.";
  } catch (error) { complain(error.message); }
}
function hideOpinion() { asked = false; at("says").textContent = ""; }

const ACTIONS = {
  first: () => cells[0] && decide(classesOf(cells[0])[0]),
  second: () => cells[0] && decide(classesOf(cells[0])[1]),
  exclude: () => decide("exclude"),
  unsure: () => decide("unsure"),
  undo() {
    if (held || over || !state || (!state.last && pending === 0)) return;
    held = true;
    write("undo", () => ({ number: state.last ? state.last.number : 0 })).then(() => { held = false; });
    at("told").textContent = "Undone.";
  },
  later() {
    const cell = cells[0];
    if (!cell || held || over) return;
    cells = cells.slice(1);
    write("later", () => ({ sha256: cell.sha256 }));
    if (cells.length) show();
  },
  closer() { view.zoom = Math.min(8, view.zoom * 1.4); adjust(); },
  further() { view.zoom = Math.max(1, view.zoom / 1.4); adjust(); },
  contrast() { view.contrast = (view.contrast + 1) % CONTRASTS.length; adjust(); },
  brightness() { view.brightness = (view.brightness + 1) % BRIGHTNESSES.length; adjust(); },
  near() {
    const off = document.body.classList.toggle("alone");
    document.querySelector("[data-do=near]").setAttribute("aria-pressed", String(!off));
  },
};
const KEYS = {
  k: "first", 1: "first", r: "second", 2: "second", x: "exclude", u: "unsure", z: "undo", Backspace: "undo", s: "later", ArrowRight: "later",
  "+": "closer", "=": "closer", "-": "further", c: "contrast", b: "brightness", n: "near",
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === "?") { at("keys").showModal(); event.preventDefault(); return; }
  if (key === "m") { if (!event.repeat) showOpinion(); return; }
  const action = KEYS[key];
  if (!action) return;
  event.preventDefault();
  const steady = ["closer", "further"].includes(action);
  if (!event.repeat || steady) ACTIONS[action](); // a key that is held decides once
});
document.addEventListener("keyup", (event) => { if (event.key.toLowerCase() === "m") hideOpinion(); });
window.addEventListener("blur", hideOpinion);
for (const button of document.querySelectorAll("[data-do]")) button.addEventListener("click", () => ACTIONS[button.dataset.do]());

at("model").addEventListener("pointerdown", showOpinion);
for (const event of ["pointerup", "pointerleave", "pointercancel"]) at("model").addEventListener(event, hideOpinion);
at("model").addEventListener("click", (event) => { if (event.detail === 0) (asked ? hideOpinion : showOpinion)(); }); // by keyboard
at("model").addEventListener("contextmenu", (event) => event.preventDefault()); // a long touch

let grip = null;
at("stage").addEventListener("pointerdown", (event) => { grip = { x: event.clientX - view.x, y: event.clientY - view.y }; at("stage").setPointerCapture(event.pointerId); });
at("stage").addEventListener("pointermove", (event) => { if (grip) { view.x = event.clientX - grip.x; view.y = event.clientY - grip.y; adjust(); } });
for (const event of ["pointerup", "pointercancel"]) at("stage").addEventListener(event, () => { grip = null; });
at("stage").addEventListener("wheel", (event) => { event.preventDefault(); ACTIONS[event.deltaY < 0 ? "closer" : "further"](); }, { passive: false });
at("stage").addEventListener("dblclick", () => { view.zoom = view.zoom > 1 ? 1 : 2.75; adjust(); });

at("help").addEventListener("click", () => at("keys").showModal());
at("who").addEventListener("click", () => { at("name").value = reader; at("wrong").textContent = ""; at("reader").showModal(); at("name").select(); });
at("reader").querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  await waiting;
  try {
    const told = await ask(`state?reader=${encodeURIComponent(at("name").value)}`);
    at("reader").close();
    cells = [];
    take(told);
  } catch (error) { at("wrong").textContent = error.message; }
});
at("finish").addEventListener("click", async () => {
  await waiting;
  try {
    const told = await ask("finish", { reader });
    over = true;
    complain("");
    document.querySelector("header .tools").hidden = true;
    const made = told.made === 1 ? "1 decision" : `${told.made.toLocaleString("en")} decisions`;
    done("The review has ended.", `${made} since it was opened, all kept.\nThe next step stands in the terminal. You may close this page.`);
  } catch (error) { complain(error.message); }
});

ask(`state${reader ? `?reader=${encodeURIComponent(reader)}` : ""}`).then(take, (error) => complain(error.message));
