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
  if (unfolded) detail(breaker);
  else breaker.parts.details.replaceChildren();
}

/** Brings details up to date that are shown. */
export function refresh(breaker, changed) {
  if (!breaker.unfolded || !breaker.element) return;
  if (changed) breaker.history = null;
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
  const all = [...counts, ...rare.filter(([, count]) => count)].map(([name, count]) => [name, count.toLocaleString('en')]);
  part('Counted since the start', list(all));
  part('History', historyOf(breaker));
  part(`Settings, revision ${card.revision}`, list(Object.entries(card.settings).filter(([, value]) => value !== 'none')), make('p', `by ${card.origin}`));
  part('Made at', make('p', card.location));
  told.replaceChildren(...shown);
}

/** The last changes, which are asked for once, and again after each change. */
function historyOf(breaker) {
  if (breaker.history === null || breaker.history === undefined) {
    const asked = breaker.history = make('ol');
    fetch(address(breaker, '/history')).then((answer) => answer.json()).then((changes) => {
      const own = changes.filter((change) => change.key === breaker.card.key).reverse().slice(0, 20);
      asked.replaceChildren(...own.map((change) => {
        const item = make('li');
        item.append(make('time', new Date(change.at).toLocaleString([], { hour12: false }), { dateTime: change.at }), ` ${change.text}`);
        return item;
      }));
      if (!own.length) asked.replaceChildren(make('li', 'No change yet.'));
    }).catch(() => asked.replaceChildren(make('li', 'Not to be had at the moment.')));
  }
  return breaker.history;
}


onLock(() => {
  for (const breaker of known.breakers.values()) refresh(breaker, false);
});
