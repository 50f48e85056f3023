/** What the page and the server have to agree on. */

/** The one store of this server. */
export const todoStoreId = "todos";

/** Said by a page to the service worker of a newer release: its user wants it now. */
export const takeOverRequest = "take-over";
