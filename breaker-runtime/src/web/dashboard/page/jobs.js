// Small jobs, a few milliseconds at a time, so that the page answers meanwhile.

const jobs = [];
let working = false;
const turn = new MessageChannel();
turn.port1.onmessage = () => {
  const end = performance.now() + 5;
  try {
    while (jobs.length && performance.now() < end) jobs.shift()();
  } finally {
    working = jobs.length > 0;
    if (working) turn.port2.postMessage(0);
  }
};

export function later(job) {
  jobs.push(job);
  if (!working) {
    working = true;
    turn.port2.postMessage(0);
  }
}
