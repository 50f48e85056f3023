/**
 * What an export leaves out on purpose: a person that is to be forgotten. Updates of apps and of principals go as a whole, single actions
 * out of their update, and an update of which nothing is left goes too. Seqs that are not there stop nobody: marks count them as missing.
 */

import type { LeftOut } from "../wire/export.ts";
import type { ActionId, AppId } from "../wire/ids.ts";
import type { StampedUpdate } from "../wire/update.ts";

export interface Without {
  readonly apps: readonly AppId[];
  /** As `principal` of the updates says it. */
  readonly principals: readonly string[];
  readonly actions: readonly ActionId[];
}

export interface Leaving {
  /** What stays of them. */
  keep(updates: readonly StampedUpdate[]): readonly StampedUpdate[];
  readonly leftOut: LeftOut;
  /** What was asked for and not met: perhaps a typing mistake. */
  readonly unmet: readonly string[];
}

export function createLeaving({ apps, principals, actions }: Without): Leaving {
  const whole = new Set<string>([...apps.map(ofApp), ...principals.map(ofPrincipal)]);
  const single = new Set<string>(actions);
  const unmet = new Set<string>([...apps, ...principals, ...actions]);
  const leftOut = { updates: 0, actions: 0 };

  function keepOne(update: StampedUpdate): readonly StampedUpdate[] {
    const { app, principal } = update;
    const isWhole = whole.has(ofApp(app)) || (principal !== undefined && whole.has(ofPrincipal(principal)));
    const kept = update.actions.filter(({ id }) => !single.has(id));
    const gone = update.actions.length - kept.length;
    unmet.delete(app);
    if (principal !== undefined) unmet.delete(principal);
    for (const { id } of update.actions) unmet.delete(id);
    if (isWhole || (gone > 0 && kept.length === 0)) {
      leftOut.updates += 1;
      return [];
    }
    leftOut.actions += gone;
    return [gone === 0 ? update : { ...update, actions: kept }];
  }

  return {
    keep: (updates) => updates.flatMap(keepOne),
    leftOut,
    get unmet() {
      return [...unmet];
    },
  };
}

function ofApp(app: AppId): string {
  return `app ${app}`;
}

function ofPrincipal(principal: string): string {
  return `principal ${principal}`;
}
