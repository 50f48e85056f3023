/**
 * Commits as updates: one app per author, one update per commit, several where a commit is too large for one.
 *
 * An app's id is new and random: nothing of the author goes into the store. An action's id carries the commit's own date, so
 * the log shows both times, that of the making and that of the storing. A commit that changed nothing is an update without
 * actions, so that every commit has its timestamp.
 */
import { monotonicFactory, ulid } from "ulid";
import { assert } from "../../shared/errors.ts";
import { canonicalText, utf8Length } from "../../shared/json.ts";
import { validateAction } from "../../shared/model/validate.ts";
import type { Settings } from "../../shared/settings.ts";
import {
  type ActionId,
  type AppId,
  parseActionId,
  parseAppId,
  parseUpdateId,
} from "../../shared/wire/ids.ts";
import type { Timestamp } from "../../shared/wire/time.ts";
import type { Action, Update } from "../../shared/wire/update.ts";
import { contentBytesMax, toPutFile } from "./contents.ts";
import { type Change, type Commit, submoduleMode } from "./git.ts";
import type { BlobReader } from "./git-blobs.ts";
import { model, type PutFile, type RemoveFile } from "./model.ts";

/** The members of an update's JSON beside its actions: ids, seq, times; with room. */
const envelopeBytes = 1_024;

export interface App {
  readonly id: AppId;
  /** The next update of this app. Raises its seq. */
  newUpdate(actions: readonly Action[], after: Timestamp): Update;
  newActionId(madeAt: number): ActionId;
}

/** What went into actions so far. */
export interface Tally {
  actions: number;
  /** Bytes of files. */
  contentBytes: number;
  /** Files stored as git's id alone. */
  idsAlone: number;
}

/** The apps of the authors, each made when it is first asked for. */
export function createApps(): (author: number) => App {
  const apps = new Map<number, App>();
  return (author) => {
    const app = apps.get(author) ?? createApp();
    apps.set(author, app);
    return app;
  };
}

interface Work {
  readonly commit: Commit;
  readonly changes: readonly Change[];
  readonly blobs: BlobReader;
  /** Added to. */
  readonly tally: Tally;
}

/** The actions of a commit in groups that fit one update each, in order; at least one group. Memory holds one group. */
export async function* groupActions(
  app: App,
  work: Work,
  settings: Settings,
): AsyncGenerator<readonly Action[]> {
  const roomMax = settings.updateBytesMax - envelopeBytes;
  let group: Action[] = [];
  let room = roomMax;
  for (const change of work.changes) {
    const action = await toAction(app, change, work, settings);
    const bytes = utf8Length(canonicalText({ ...action })) + 1;
    if (group.length === settings.updateActionsMax || (bytes > room && group.length > 0)) {
      yield group;
      group = [];
      room = roomMax;
    }
    group.push(action);
    room -= bytes;
  }
  yield group;
}

async function toAction(app: App, { path, now }: Change, work: Work, settings: Settings): Promise<Action> {
  const { commit, blobs, tally } = work;
  const id = app.newActionId(commit.madeAt);
  tally.actions += 1;
  if (now === null) return newAction(id, "removeFile", { path });
  // A submodule's commit is in another repository.
  const contents = now.mode === submoduleMode ? undefined : await blobs.read(now.id, contentBytesMax);
  const file = toPutFile(path, now, contents, settings.actionBytesMax);
  if ("blob" in file) tally.idsAlone += 1;
  else if (contents?.is === "bytes") tally.contentBytes += contents.bytes.length;
  return newAction(id, "putFile", file);
}

/** As an app's own `do.putFile(…)` would: validated by the model, then in stored form. */
function newAction(id: ActionId, name: "putFile" | "removeFile", given: PutFile | RemoveFile): Action {
  const outcome = validateAction(model, name, given);
  assert(outcome.ok, `git-history makes valid ${name} actions`);
  return { id, name, data: outcome.data };
}

function createApp(): App {
  const id = parsed(ulid(), parseAppId);
  const nextActionId = monotonicFactory();
  let seq = 0;
  return {
    id,
    newActionId: (madeAt) => parsed(nextActionId(madeAt), parseActionId),
    newUpdate(actions, after) {
      seq += 1;
      return { id: parsed(ulid(), parseUpdateId), app: id, seq, after, modelVersion: model.version, actions };
    },
  };
}

function parsed<Id>(text: string, parse: (text: string) => Id | undefined): Id {
  const id = parse(text);
  assert(id !== undefined, "the ulid package makes well-formed ids");
  return id;
}
