/** Imported before any peer: they leave their development checks out only where this is set as they load. */
process.env.NODE_ENV = "production";
