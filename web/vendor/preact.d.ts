// What the type checker reads of preact.js, which is htm/preact/standalone.module.js of the npm package htm as it is.
import type { VNode } from "preact";
export { h, render, Component, createContext } from "preact";
export * from "preact/hooks";
export declare const html: (strings: TemplateStringsArray, ...values: any[]) => VNode;
