// Changing breakers, for those who have the token.

import { address, at, base, make, put } from './dom.js';
import { MODES, title } from './words.js';

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
  const send = (what, method, body, question) => ask(breaker, question, async (reason) => {
    answer.className = 'answer';
    put(answer, 'Sending…');
    const problem = await change(breaker, what, method, reason ? { ...body(), reason } : body());
    answer.className = problem ? 'answer bad' : 'answer';
    put(answer, problem ?? 'Done.');
  });

  const mode = labelled('Mode', make('select', '', { className: 'mode' }));
  for (const [value, text] of Object.entries(MODES)) mode.append(make('option', text, { value }));
  mode.value = breaker.pulse.mode;
  const consequence = {
    automatic: 'The rules decide again.',
    disabled: 'Every call is let through, whatever happens.',
    forced_open: 'Every call is rejected, until the mode is set again.',
    metrics_only: 'The rules are watched, and nothing is rejected.',
  };
  const setMode = button('Set mode', () => send('/mode', 'PUT', () => ({ mode: mode.value }), {
    title: `Set ${title(breaker.card)} to ${MODES[mode.value]}?`,
    text: consequence[mode.value],
    ok: `Set to ${MODES[mode.value]}`,
    danger: mode.value === 'forced_open',
  }), 'set-mode');
  const first = row(mode, setMode);
  if (!breaker.card.family) {
    first.append(button('Close now', () => send('/close', 'POST', () => ({}), {
      title: `Close ${title(breaker.card)}?`, text: 'Calls go through again, and all counts that decide are forgotten.', ok: 'Close',
    }), 'close-now'));
  }
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
    rows.push(row(which, value, button('Set', () => send('/settings', 'PATCH', () => ({ revision, settings: { [which.value]: typed(value.value) } }), {
      title: `Set ${which.value} of ${title(breaker.card)} to ${value.value}?`,
      text: `It is ${breaker.card.settings[which.value]} now.`,
      ok: 'Set',
    }), 'set-value'), button('Roll back', () => send('/rollback', 'POST', () => ({ revision: breaker.card.revision }), {
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

function headers() {
  return token ? { authorization: `Bearer ${token}` } : {};
}

/** What the server says against a change; `null` where it was made. */
async function change(breaker, what, method, body) {
  try {
    const answer = await fetch(address(breaker, what), {
      method, cache: 'no-store', headers: { ...headers(), 'content-type': 'application/json' }, body: JSON.stringify(body),
    });
    if (answer.ok) return null;
    if (answer.status === 401) lock();
    return await problem(answer);
  } catch {
    return 'The server cannot be reached: nothing is known of the change.';
  }
}

async function problem(answer) {
  const told = await answer.json().catch(() => ({}));
  return `Refused (${answer.status}): ${told.detail ?? answer.statusText}`;
}

let answered = () => {};

/** Asks whether somebody means it, and why. */
function ask(breaker, { title, text, ok, danger }, then) {
  put(at('ask-title'), title);
  put(at('ask-text'), text);
  put(at('ask-ok'), ok);
  at('ask-ok').classList.toggle('danger', Boolean(danger));
  at('reason').value = '';
  answered = then;
  at('ask').returnValue = '';
  at('ask').showModal();
}

at('ask').addEventListener('close', () => { if (at('ask').returnValue === 'ok') answered(at('reason').value.trim()); });
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
  token = at('token').value;
  at('token').value = '';
  try {
    const answer = await fetch(`${base}/controls`, { headers: headers(), cache: 'no-store' });
    if (!answer.ok) {
      put(at('token-answer'), await problem(answer));
      token = null;
      return;
    }
    put(at('unlock'), `Controls: ${(await answer.json()).who}. Lock`);
    at('token-dialog').close();
    changed();
  } catch {
    token = null;
    put(at('token-answer'), 'The server cannot be reached.');
  }
});
