// The connection: frames, of which the first tells all, and the others what has changed, one a second at least.

import { summarize } from './around.js';
import { paint, seen, update } from './cards.js';
import { refresh } from './details.js';
import { at, base, put } from './dom.js';
import { later } from './jobs.js';
import { known } from './known.js';
import { identity, setTime } from './words.js';

function receive(frame) {
  setTime(frame.now);
  if (frame.all) begin(frame);
  const counted = new Set();
  for (const { id, card, pulse, points } of frame.breakers) {
    let breaker = known.breakers.get(id);
    if (!breaker) known.breakers.set(id, breaker = { id, points: [] });
    if (card) breaker.card = card;
    if (pulse) breaker.pulse = pulse;
    if (points) {
      counted.add(id);
      breaker.points.push(...points);
    }
    later(() => { update(breaker); if (card || pulse) refresh(breaker, Boolean(card)); });
  }
  for (const id of frame.gone) forget(id);
  if (frame.second) later(() => second(counted));
  put(at('refused'), frame.config_refused ? `The last configuration was refused, and nothing was changed: ${frame.config_refused}` : '');
  at('refused').hidden = !frame.config_refused;
  if (frame.all) later(() => { known.complete = true; summarize(); });
}

/** All is told anew. What somebody has unfolded stays so. */
function begin(frame) {
  known.points = frame.all.points;
  at('unlock').hidden = !frame.all.controls;
  // Several may have one name and one place.
  const before = new Map();
  for (const breaker of known.breakers.values()) {
    if (!breaker.card) continue;
    const same = before.get(identity(breaker.card));
    if (same) same.push(breaker);
    else before.set(identity(breaker.card), [breaker]);
  }
  known.breakers = new Map();
  known.complete = false;
  for (const { id, card } of frame.breakers) {
    const old = before.get(identity(card))?.shift();
    known.breakers.set(id, Object.assign(old ?? {}, { id, points: [] }));
  }
  for (const { element } of [...before.values()].flat()) element?.remove();
}

function forget(id) {
  const breaker = known.breakers.get(id);
  known.breakers.delete(id);
  if (breaker?.element) {
    seen.unobserve(breaker.element);
    breaker.element.remove();
  }
  summarize();
}

/** A second has passed, for those too of whom there is nothing to tell. */
function second(counted) {
  for (const breaker of known.breakers.values()) {
    if (!counted.has(breaker.id)) breaker.points.push([0, 0, 0]);
    if (breaker.points.length > known.points) breaker.points.splice(0, breaker.points.length - known.points);
    if (breaker.visible && breaker.element?.isConnected) later(() => paint(breaker));
  }
}

let source = null;
/** When something was heard last, by a clock that nobody sets. */
let heard = performance.now();
/** Everything may take its time on a slow line; afterwards there is something each second. */
let patience = 60_000;
let lostSince = null;

export function connect() {
  source?.close();
  heard = performance.now();
  patience = 60_000;
  source = new EventSource(`${base}/dashboard/live`);
  source.onmessage = ({ data }) => {
    heard = performance.now();
    patience = 5_000;
    if (lostSince) {
      lostSince = null;
      at('lost').hidden = true;
      document.body.classList.remove('lost');
    }
    receive(JSON.parse(data));
  };
  source.onerror = lose;
}

function lose() {
  if (lostSince) return;
  lostSince = new Date();
  put(at('lost'), `Connection lost at ${lostSince.toLocaleTimeString([], { hour12: false })}. What you see is as it was then. Trying again…`);
  at('lost').hidden = false;
  document.body.classList.add('lost');
}

setInterval(() => {
  if (performance.now() - heard > patience) {
    lose();
    connect();
  } else if (source.readyState === EventSource.CLOSED) {
    connect();
  }
}, 1000);
