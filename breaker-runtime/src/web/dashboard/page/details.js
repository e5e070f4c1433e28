// What a card shows unfolded.

import { control, onLock, unlocked } from './controls.js';
import { address, make } from './dom.js';
import { known } from './known.js';
import { clock, seconds } from './words.js';

export function unfold(breaker, unfolded) {
  breaker.unfolded = unfolded;
  breaker.parts.name.setAttribute('aria-expanded', String(unfolded));
  breaker.parts.details.hidden = !unfolded;
  breaker.history = null;
  if (unfolded) {
    askHistory(breaker);
    detail(breaker);
  } else {
    breaker.parts.details.replaceChildren();
  }
}

/** Brings details up to date that are shown. */
export function refresh(breaker, changed) {
  if (!breaker.unfolded || !breaker.element) return;
  if (changed) askHistory(breaker);
  detail(breaker);
}

function list(pairs) {
  const all = make('dl');
  for (const [name, value] of pairs) all.append(make('dt', name), make('dd', value));
  return all;
}

/** What a card shows unfolded. Controls are made once, so that nobody loses what he has typed. */
function detail(breaker) {
  const { card, pulse, parts } = breaker;
  const { details } = parts;
  let [controls, told] = details.children;
  if (!told) {
    controls = make('div', '', { className: 'controls' });
    told = make('div', '', { className: 'told' });
    details.replaceChildren(controls, told);
  }
  if (!unlocked()) controls.replaceChildren();
  else if (!controls.childElementCount) controls.append(...control(breaker));
  else breaker.follow();
  const shown = [];
  const part = (heading, ...content) => {
    const one = make('section');
    one.append(make('h4', heading), ...content);
    shown.push(one);
  };
  for (const [heading, trip] of [['The outage began', card.outage], ['Last opening', card.last_trip]]) {
    if (!trip) continue;
    const content = [make('p', trip.why)];
    if (trip.failures.length) {
      const failures = make('ol');
      for (const failure of trip.failures) {
        const item = make('li');
        const took = failure.latency_seconds === null ? '' : ` after ${seconds(failure.latency_seconds)}`;
        item.append(make('time', clock(failure.at), { dateTime: failure.at }), ` ${failure.class}${took}: ${failure.text}`);
        failures.append(item);
      }
      content.push(failures);
    }
    part(`${heading}, at ${clock(trip.at)}`, ...content);
  }
  const counts = [['let through', pulse.admitted], ['failed', pulse.failed], ['rejected', pulse.rejected], ['under way', pulse.in_flight]];
  const rare = [['stopped at the time limit', pulse.timed_out], ['fallbacks answered', pulse.fallbacks], ['made again', pulse.retried], ['earlier answers given', pulse.last_good]];
  // Of a family the first three are of all keys that are there; the others would be of the keys without a place alone.
  const shownCounts = pulse.keys ? counts.slice(0, 3) : [...counts, ...rare.filter(([, count]) => count)];
  const since = pulse.keys ? 'Counted by the keys that are there' : 'Counted since the start';
  part(since, list(shownCounts.map(([name, count]) => [name, count.toLocaleString('en')])));
  part('History', historyOf(breaker));
  part(`Settings, revision ${card.revision}`, list(Object.entries(card.settings).filter(([, value]) => value !== 'none')), make('p', `by ${card.origin}`));
  part('Made at', make('p', card.location));
  // What says the same stays as it is, so that it can be selected and read out.
  shown.forEach((part, i) => {
    const before = told.children[i];
    if (!before) told.append(part);
    else if (before.textContent !== part.textContent) before.replaceWith(part);
  });
  while (told.childElementCount > shown.length) told.lastElementChild.remove();
}

/** Asks for the last changes: at once, and then not again for a while, however much changes. */
async function askHistory(breaker) {
  if (breaker.historyAsked) {
    breaker.historyDue = true;
    return;
  }
  breaker.historyAsked = true;
  try {
    const answer = await fetch(address(breaker, '/history'));
    const changes = await answer.json();
    breaker.history = changes.reverse().slice(0, 20);
  } catch {
    // The list stays as it was. That the connection is lost is said on top.
  }
  refresh(breaker, false);
  setTimeout(() => {
    breaker.historyAsked = false;
    if (breaker.historyDue && breaker.unfolded) askHistory(breaker);
    breaker.historyDue = false;
  }, 3000);
}

function historyOf({ history }) {
  const all = make('ol');
  for (const change of history ?? []) {
    const item = make('li');
    item.append(make('time', clock(change.at), { dateTime: change.at }), ` ${change.text}`);
    all.append(item);
  }
  if (!history?.length) all.append(make('li', history ? 'No change yet.' : 'Asking…'));
  return all;
}

onLock(() => {
  for (const breaker of known.breakers.values()) refresh(breaker, false);
});
