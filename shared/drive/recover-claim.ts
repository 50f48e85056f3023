/**
 * The head's place while a store is recovered: absent or of no use, then a claim, then the new head, each replaced by compare-and-swap.
 *
 * "Only where there is none" would not do for the head: a PUT that got no answer, or a recovery that stood still, could make a head of what
 * it saw long ago, after another recovery's head had come, published, and was lost as well. So the claim is put first, what is there is
 * listed after it, and the head replaces that very claim: between the LIST and the head no other head was there. A claim that is left
 * behind says what is true, that there is no head; the next recovery replaces it.
 */
import { StoreError } from "../errors.ts";
import { getHead, readHead } from "../log/head-read.ts";
import type { AnswerBody } from "../log/program.ts";
import type { Etag, IfMatchSpelling, PutContent, WriteAnswer } from "../ports/bucket.ts";
import { encodeClaim, parseClaim } from "../wire/claim.ts";
import { encodeHead, type Head } from "../wire/head.ts";
import type { StoreId } from "../wire/ids.ts";
import { headKey } from "../wire/keys.ts";
import { toTimestamp } from "../wire/time.ts";
import { decodeBody, encodeBody } from "./body.ts";
import { noClearAnswer, pause, triesMax, type Work } from "./recover-write.ts";
import { getObject, type Host } from "./run.ts";

/** What lies in the head's place: nothing (null), or something that is no head, by its etag. Throws where there is a head. */
export async function requireNoHead(host: Host, store: StoreId): Promise<Etag | null> {
  const { bucket, platform, settings } = host;
  const answer = await bucket.get(headKey(store), { bytesMax: settings.objectBytesMax });
  if (answer.is === "absent") return null;
  if (answer.is !== "found") throw unusable(store);
  if (answer.body.length > settings.headBytesMax) return answer.etag;
  const read = readHead(store, await decodeBody(answer, platform, settings.headBytesMax, settings));
  if (read.ok) throw headThere(store, read.known.head);
  // Of a newer release: whole, only not for us.
  if (read.trouble.kind === "incompatible") throw new StoreError(read.trouble);
  return answer.etag;
}

/** Puts a claim where `before` is. Answers with the claim's etag. */
export async function putClaim(work: Work, before: Etag | null, ifMatch: IfMatchSpelling): Promise<Etag> {
  const { bucket, platform, settings } = work.host;
  const key = headKey(work.store);
  const claim = { at: toTimestamp(platform.now()), nonce: platform.newNonce() };
  const content = await encodeBody(key, encodeClaim(claim), platform, settings);
  const put = () =>
    before === null ? bucket.putIfAbsent(key, content) : bucket.putIfMatch(key, content, before, { ifMatch });
  const isMine = (there: AnswerBody) =>
    there.is === "found" && claimNonce(there.json) === claim.nonce ? there.etag : null;
  return settle(work, { put, isMine });
}

/** Replaces the claim by the head. Throws "conflict" when the claim is no longer there. */
export async function replaceClaim(work: Work, head: Head, claim: Etag): Promise<void> {
  const { host, store } = work;
  const { bucket, platform, settings } = host;
  const key = headKey(store);
  const content: PutContent = await encodeBody(key, encodeHead(head), platform, settings);
  const put = () => bucket.putIfMatch(key, content, claim, { ifMatch: head.ifMatch });
  const isMine = (there: AnswerBody) => {
    const read = readHead(store, there);
    return read.ok && read.known.head.epoch === head.epoch ? read.known.etag : null;
  };
  await settle(work, { put, isMine });
}

interface Swap {
  put(): Promise<WriteAnswer>;
  /** Its etag, when what is there now is what was put. */
  isMine(there: AnswerBody): Etag | null;
}

/** An unclear answer is settled by reading back; so is a refusal, which may be one's own success that was sent twice. */
async function settle(work: Work, { put, isMine }: Swap): Promise<Etag> {
  for (let tries = 1; tries <= triesMax; tries++) {
    const answer = await put();
    if (answer.is === "stored") return answer.etag;
    const mine = isMine(await getObject(getHead(work.store), work.host));
    if (mine !== null) return mine;
    if (answer.is === "refused") throw somebodyElse(work.store);
    await pause(work, tries);
  }
  throw noClearAnswer(work.store);
}

function claimNonce(json: unknown): string | null {
  const claim = parseClaim(json);
  return claim.ok ? claim.value.nonce : null;
}

function headThere(store: StoreId, head: Head): StoreError {
  return new StoreError({
    kind: "rejected",
    what: `Store "${store}" has a head (rev ${head.rev}), so there is nothing to recover`,
    fix: `If something else is wrong, "icecore verify --store ${store}" names it; where it says that objects which the head names are gone or damaged, see "icecore recover --help", --replace-head.`,
    store,
  });
}

function unusable(store: StoreId): StoreError {
  return new StoreError({
    kind: "limit",
    what: `What lies in the place of the head of store "${store}" is too large to be one`,
    fix: `Move ${headKey(store)} elsewhere, then recover again.`,
    store,
    key: headKey(store),
  });
}

function somebodyElse(store: StoreId): StoreError {
  return new StoreError({
    kind: "conflict",
    what: `Somebody else recovers store "${store}", or made its head meanwhile`,
    fix: `Nothing was changed: look at it with "icecore head --store ${store}".`,
    store,
  });
}
