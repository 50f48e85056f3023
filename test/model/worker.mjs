// Runs one search in a worker thread: the bundle is plain JavaScript, so no loader is needed here.
import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";

const { search } = await import(pathToFileURL(workerData.bundle).href);
parentPort?.postMessage(search(workerData.scenario, workerData.bounds));
