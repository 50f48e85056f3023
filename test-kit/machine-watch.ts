/**
 * Watches whether code looks at the machine while it runs: the clock or randomness. The globals are replaced for one synchronous call
 * and put back after it, whatever happens; they still work.
 */

interface Watched {
  readonly on: object;
  readonly member: string;
  readonly name: string;
}

/** Runs `call`; gives what it looked at, each once. */
export function watchMachine(call: () => void): readonly string[] {
  const seen = new Set<string>();
  const restores: (() => void)[] = [];
  try {
    for (const watched of watchedMembers()) restores.push(watchMember(watched, (name) => seen.add(name)));
    restores.push(watchDate((name) => seen.add(name)));
    call();
  } finally {
    for (const restore of restores.reverse()) restore();
  }
  return [...seen];
}

function watchedMembers(): readonly Watched[] {
  return [
    { on: Math, member: "random", name: "Math.random" },
    { on: performance, member: "now", name: "performance.now" },
    { on: crypto, member: "randomUUID", name: "crypto.randomUUID" },
    { on: crypto, member: "getRandomValues", name: "crypto.getRandomValues" },
  ];
}

function watchMember({ on, member, name }: Watched, note: (name: string) => void): () => void {
  const before = Object.getOwnPropertyDescriptor(on, member);
  const real = (on as Record<string, (...values: unknown[]) => unknown>)[member];
  const watched = (...values: unknown[]): unknown => {
    note(name);
    return real?.apply(on, values);
  };
  Object.defineProperty(on, member, { value: watched, configurable: true, writable: true });
  return () => {
    if (before) Object.defineProperty(on, member, before);
    else Reflect.deleteProperty(on, member);
  };
}

/** `new Date(text)` reads no clock; `new Date()`, `Date()` and `Date.now()` do. */
function watchDate(note: (name: string) => void): () => void {
  const RealDate = globalThis.Date;
  globalThis.Date = new Proxy(RealDate, {
    construct(target, values, newTarget) {
      if (values.length === 0) note("new Date()");
      return Reflect.construct(target, values, newTarget) as object;
    },
    apply(target, self, values) {
      note("Date()");
      return Reflect.apply(target, self, values) as unknown;
    },
    get(target, member) {
      if (member === "now") note("Date.now");
      return Reflect.get(target, member) as unknown;
    },
  });
  return () => {
    globalThis.Date = RealDate;
  };
}
