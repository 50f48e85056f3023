/**
 * withCipher: any local storage with its values encrypted by the app's own cipher. Keys stay readable: they hold ids, times and numbers
 * of rows, nothing that a user wrote. Each value is sealed together with its key, so a row put under another key is noticed.
 *
 * A wrong key, or a storage that was made without a cipher, is found when a store is opened, before anything is written.
 */
import { StoreError } from "../../shared/errors.ts";
import type { StoreId } from "../../shared/wire/ids.ts";
import { closedStore } from "../errors.ts";
import type { Local, LocalRows, RowChanges, Rows } from "./local.ts";
import { createQueue } from "./queue.ts";
import type { SharedRows } from "./shared-rows.ts";

/** Encrypts and decrypts texts with a key that the app keeps. It should be one that notices a wrong key, such as AES-GCM. */
export interface Cipher {
  encrypt(text: string): string | Promise<string>;
  /** Throws for what this key did not encrypt. */
  decrypt(text: string): string | Promise<string>;
}

/**
 * Encrypts what `local` keeps.
 *
 * @throws StoreError, when a store is opened: "unauthorized" for a wrong key, "incompatible" for rows that were kept without a cipher
 * @example
 * const local = withCipher(folderLocal("./notes"), { encrypt: (text) => seal(key, text), decrypt: (text) => open(key, text) });
 */
export function withCipher(local: Local, cipher: Cipher): Local {
  const name = `${local.name} (encrypted)`;
  return {
    name,
    async open(store) {
      const rows = await local.open(store);
      try {
        const found = await rows.load();
        const [first] = found;
        if (first) await unseal(cipher, first, { name, store });
        return sealedRows(rows, found, { cipher, name, store });
      } catch (error) {
        await rows.close();
        throw error;
      }
    },
  };
}

interface Place {
  readonly name: string;
  readonly store: StoreId;
}

function sealedRows(rows: LocalRows, found: Rows, place: Place & { readonly cipher: Cipher }): LocalRows {
  const { cipher, store } = place;
  const queue = createQueue();
  let first: Rows | null = found;
  let closed = false;

  function loadAnew(): Promise<Rows> {
    loads += 1;
    return rows.load();
  }

  async function answer<T>(call: () => Promise<T>): Promise<T> {
    if (closed) throw closedStore(store);
    return queue.run(call);
  }

  function sealed(
    changes: RowChanges,
    write: (sealed: RowChanges) => Promise<void> | undefined,
  ): Promise<void> {
    return answer(async () => {
      first = null;
      await write(await sealAll(cipher, changes, place));
    });
  }

  /** How often all rows were asked for. */
  let loads = 0;
  const shared = rows.shared && sealedShared(rows.shared);

  /** The same, with what is committed in other tabs unsealed on its way here. */
  function sealedShared(inner: SharedRows): SharedRows {
    return {
      ...inner,
      listen: (listener) =>
        inner.listen({
          ...listener,
          changed(changes) {
            const before = loads;
            void queue.run(async () => {
              const plain = await unsealChanges(changes);
              // Rows that were read since hold it.
              if (before === loads) listener.changed(plain);
            });
          },
        }),
      add: (added) => sealed({ put: added, delete: [] }, ({ put }) => inner.add(put)),
    };
  }

  /** What cannot be unsealed is read again, which tells why. */
  async function unsealChanges(changes: RowChanges | "reload"): Promise<RowChanges | "reload"> {
    if (changes === "reload") return changes;
    try {
      return { put: await unsealAll(cipher, changes.put, place), delete: changes.delete };
    } catch {
      return "reload";
    }
  }

  const renewal = rows.renewal && {
    ...rows.renewal,
    renew: (all: Rows) => sealed({ put: all, delete: [] }, ({ put }) => rows.renewal?.renew(put)),
  };

  return {
    ...(shared ? { shared } : {}),
    ...(renewal ? { renewal } : {}),
    load: () =>
      answer(async () => {
        const sealed = (rows.shared ? null : first) ?? (await loadAnew());
        first = null;
        return unsealAll(cipher, sealed, place);
      }),
    commit: (changes) => sealed(changes, rows.commit),
    clear: () =>
      answer(async () => {
        first = null;
        await rows.clear();
      }),
    async close() {
      if (closed) return;
      closed = true;
      await queue.run(() => rows.close());
    },
  };
}

/** In the rows' own shape, so that a client without the cipher says "a newer form" and does not take them for damaged. */
const format = "icecore-cipher-1";

async function sealAll(cipher: Cipher, changes: RowChanges, place: Place): Promise<RowChanges> {
  const sealing = [...changes.put].map(async ([key, value]): Promise<readonly [string, string]> => {
    const sealed = await cipher.encrypt(plainOf(key, value));
    return [key, JSON.stringify({ format, sealed })];
  });
  try {
    return { put: new Map(await Promise.all(sealing)), delete: changes.delete };
  } catch (error) {
    throw notEncrypted(place, error);
  }
}

async function unsealAll(cipher: Cipher, rows: Rows, place: Place): Promise<Rows> {
  const pairs = [...rows].map(
    async ([key, value]): Promise<readonly [string, string]> => [
      key,
      await unseal(cipher, [key, value], place),
    ],
  );
  return new Map(await Promise.all(pairs));
}

async function unseal(
  cipher: Cipher,
  [key, value]: readonly [string, string],
  place: Place,
): Promise<string> {
  const sealed = sealedIn(value);
  if (sealed === undefined) throw notSealed(key, place);
  const start = plainOf(key, "");
  const text = await decrypted(cipher, sealed, (cause) => wrongKey(key, place, cause));
  if (!text.startsWith(start)) throw wrongKey(key, place);
  return text.slice(start.length);
}

async function decrypted(
  cipher: Cipher,
  sealed: string,
  failed: (cause: unknown) => StoreError,
): Promise<string> {
  try {
    return await cipher.decrypt(sealed);
  } catch (error) {
    throw failed(error);
  }
}

function plainOf(key: string, value: string): string {
  return `${key}\n${value}`;
}

/** Undefined for what no cipher has sealed. */
function sealedIn(value: string): string | undefined {
  try {
    const row = JSON.parse(value) as { readonly format?: unknown; readonly sealed?: unknown } | null;
    return row?.format === format && typeof row.sealed === "string" ? row.sealed : undefined;
  } catch {
    return undefined;
  }
}

const giveUp = "To give these rows up, clear them through the local storage without its cipher.";

function wrongKey(key: string, { name, store }: Place, cause?: unknown): StoreError {
  return new StoreError(
    {
      kind: "unauthorized",
      what: `Row "${key}" of store "${store}" in ${name} cannot be decrypted: this is not the key it was encrypted with, or the row is damaged`,
      fix: `Nothing was changed. Open it with the right key. ${giveUp}`,
      store,
      key,
    },
    cause,
  );
}

function notSealed(key: string, { name, store }: Place): StoreError {
  return new StoreError({
    kind: "incompatible",
    what: `Row "${key}" of store "${store}" in ${name} is not encrypted: the store was made without a cipher`,
    fix: "Nothing was changed. Open it without the cipher, wait until everything is sent, forget it, and open it with the cipher: it comes back from the remote.",
    store,
    key,
  });
}

function notEncrypted({ name, store }: Place, cause: unknown): StoreError {
  return new StoreError(
    {
      kind: "unavailable",
      what: `The rows of store "${store}" could not be encrypted for ${name}`,
      fix: "Check the cipher and its key (the cause says what it met). What was not saved is kept in memory and tried again.",
      store,
    },
    cause,
  );
}
