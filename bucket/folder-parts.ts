/** What the calls of one folder bucket share, and the shape of their answers before they are dated. */
import type { Directories } from "./folder-directories.ts";
import type { Temporaries } from "./folder-temporary.ts";
import type { SeenVersions } from "./folder-versions.ts";

export interface FolderParts {
  readonly root: string;
  readonly directories: Directories;
  readonly temporaries: Temporaries;
  readonly seen: SeenVersions;
}

/** Each member of a union without its date. */
export type Undated<Answer> = Answer extends unknown ? Omit<Answer, "date"> : never;
