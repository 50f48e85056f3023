/** Everything that an app needs to keep its notes offline and in step with others. The README shows it. */
// README begins

import { type HttpRemoteOptions, httpRemote, openStore } from "../../client/index.ts";
import { folderLocal } from "../../client/node/index.ts";
import { notesModel } from "./model.ts";

export function openNotes(folder: string, server: string, options: HttpRemoteOptions = {}) {
  return openStore({
    model: notesModel,
    storeId: "notes",
    local: folderLocal(folder),
    remote: httpRemote(server, options),
  });
}
// README ends
