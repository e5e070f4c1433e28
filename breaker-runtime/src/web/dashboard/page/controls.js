// Changing breakers, for those who have the token.

import { address, at, base, make, put } from './dom.js';
import { MODES, counted, title } from './words.js';

/** The token, in this page's memory alone; `null` while the controls are locked. */
let token = null;
let changed = () => {};

export const unlocked = () => token !== null;

/** What is to be done when the controls are locked or unlocked. */
export function onLock(then) {
  changed = then;
}

export function control(breaker) {
  const answer = make('p', '', { className: 'answer' });
  answer.setAttribute('role', 'status');
  const button = (text, click, className = '') => {
    const one = make('button', text, { type: 'button', className });
    one.addEventListener('click', click);
    one.setAttribute('aria-label', `${text}: ${title(breaker.card)}`);
    return one;
  };
  const labelled = (label, field) => {
    field.setAttribute('aria-label', `${label} of ${title(breaker.card)}`);
    return field;
  };
  const row = (...parts) => {
    const one = make('div', '', { className: 'row' });
    one.append(...parts);
    return one;
  };
  // The body is what it is when the question is asked: what was seen is what is confirmed.
  const send = (what, method, body, question) => ask(breaker, question, async (reason) => {
    answer.className = 'answer';
    put(answer, 'Sending…');
    const problem = await change(breaker, what, method, reason ? { ...body, reason } : body);
    answer.className = problem ? 'answer bad' : 'answer';
    put(answer, problem ?? 'Done.');
  });

  const mode = labelled('Mode', make('select', '', { className: 'mode' }));
  for (const [value, text] of Object.entries(MODES)) mode.append(make('option', text, { value }));
  mode.value = breaker.pulse.mode;
  let shown = mode.value;
  // It follows the mode, unless somebody is about to choose another.
  breaker.follow = () => {
    if (mode.value === shown) mode.value = breaker.pulse.mode;
    shown = breaker.pulse.mode;
  };
  const all = () => (breaker.pulse.keys ? ` This is for all ${counted(breaker.pulse.keys.all, 'key')}, whatever mode each has now.` : '');
  const consequence = {
    automatic: 'The rules decide again.',
    disabled: 'Every call is let through, whatever happens.',
    forced_open: 'Every call is rejected, until the mode is set again.',
    metrics_only: 'The rules are watched, and nothing is rejected.',
  };
  const setMode = button('Set mode', () => send('/mode', 'PUT', { mode: mode.value }, {
    title: `Set ${title(breaker.card)} to ${MODES[mode.value]}?`,
    text: `It is ${MODES[breaker.pulse.mode]} now. ${consequence[mode.value]}${all()}`,
    reason: mode.value === 'forced_open' || mode.value === 'disabled',
    ok: `Set to ${MODES[mode.value]}`,
    danger: mode.value === 'forced_open',
  }), 'set-mode');
  const first = row(mode, setMode);
  const close = breaker.card.family ? 'Close for new keys' : 'Close now';
  first.append(button(close, () => send('/close', 'POST', {}, {
    title: breaker.card.family ? `Close the one breaker of ${title(breaker.card)} on which keys without a place run?` : `Close ${title(breaker.card)}?`,
    text: 'Calls go through again, and all counts that decide are forgotten.',
    ok: 'Close',
  }), 'close-now'));
  const rows = [make('h4', 'Controls'), first];
  if (breaker.card.key === null) {
    const which = labelled('Setting', make('select', '', { className: 'setting' }));
    for (const name of Object.keys(breaker.card.settings)) which.append(make('option', name, { value: name }));
    const value = labelled('New value', make('input', '', { className: 'value', spellcheck: false, autocomplete: 'off', size: 10 }));
    const show = () => { value.value = breaker.card.settings[which.value]; };
    which.addEventListener('change', show);
    which.value = 'reset';
    show();
    // What was seen is what is changed: somebody else's change since is not overwritten.
    let revision = breaker.card.revision;
    value.addEventListener('focus', () => { revision = breaker.card.revision; });
    rows.push(row(which, value, button('Set', () => send('/settings', 'PATCH', { revision, settings: { [which.value]: typed(value.value) } }, {
      title: `Set ${which.value} of ${title(breaker.card)} to ${value.value}?`,
      text: `It is ${breaker.card.settings[which.value]} now.`,
      ok: 'Set',
    }), 'set-value'), button('Roll back', () => send('/rollback', 'POST', { revision: breaker.card.revision }, {
      title: `Take the last change of settings back?`, text: `${title(breaker.card)} is at revision ${breaker.card.revision}, by ${breaker.card.origin}.`, ok: 'Roll back',
    }), 'roll-back')));
  }
  return [...rows, answer];
}

/** A value as it would be written in a file. */
function typed(text) {
  const word = text.trim();
  if (word === 'none') return null;
  if (word === 'true' || word === 'false') return word === 'true';
  return /^\d+(\.\d+)?$/.test(word) ? Number(word) : word;
}

function headers(token) {
  return token ? { authorization: `Bearer ${token}` } : {};
}

/** What the server says against a change; `null` where it was made. */
async function change(breaker, what, method, body) {
  try {
    const answer = await fetch(address(breaker, what), {
      method, cache: 'no-store', signal: AbortSignal.timeout(10_000), headers: { ...headers(token), 'content-type': 'application/json' }, body: JSON.stringify(body),
    });
    if (answer.ok) return null;
    if (answer.status === 401) lock();
    return await problem(answer);
  } catch {
    return 'No answer: nothing is known of the change. It may have been made, or be made yet.';
  }
}

async function problem(answer) {
  const told = await answer.json().catch(() => ({}));
  return `Refused (${answer.status}): ${told.detail ?? answer.statusText}`;
}

let answered = () => {};

/** Asks whether somebody means it, and why. */
function ask(breaker, { title, text, ok, danger, reason }, then) {
  put(at('ask-title'), title);
  put(at('ask-text'), text);
  put(at('ask-ok'), ok);
  at('ask-ok').classList.toggle('danger', Boolean(danger));
  at('reason').value = '';
  at('reason').required = Boolean(reason);
  breaker.asked = true;
  answered = async (given) => {
    if (given !== null) await then(given);
    breaker.asked = false;
  };
  at('ask').returnValue = '';
  at('ask').showModal();
}

at('ask').addEventListener('close', () => answered(at('ask').returnValue === 'ok' ? at('reason').value.trim() : null));
at('ask-cancel').addEventListener('click', () => at('ask').close(''));

function lock() {
  token = null;
  put(at('unlock'), 'Controls: locked');
  changed();
}


at('unlock').addEventListener('click', () => {
  if (token !== null) return lock();
  at('token').value = '';
  put(at('token-answer'), '');
  at('token-dialog').showModal();
});
at('token-cancel').addEventListener('click', () => at('token-dialog').close());
at('token-dialog').querySelector('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const given = at('token').value;
  at('token').value = '';
  at('token-ok').disabled = true;
  const asking = new AbortController();
  const stop = () => asking.abort();
  at('token-dialog').addEventListener('close', stop, { once: true });
  try {
    const signal = AbortSignal.any([asking.signal, AbortSignal.timeout(10_000)]);
    const answer = await fetch(`${base}/controls`, { headers: headers(given), cache: 'no-store', signal });
    if (!answer.ok) {
      put(at('token-answer'), await problem(answer));
      return;
    }
    const { who } = await answer.json();
    token = given;
    put(at('unlock'), `Controls: ${who}. Lock`);
    at('token-dialog').close();
    changed();
  } catch {
    put(at('token-answer'), 'No answer, or no characters that can be sent.');
  } finally {
    at('token-dialog').removeEventListener('close', stop);
    at('token-ok').disabled = false;
  }
});

// A page that comes back by the browser's history is as it was left; but it was left.
addEventListener('pagehide', lock);
