import type * as vscode from 'vscode';
import type { Services } from '../services';
import { registerCompletion } from './completion';
import { registerHover } from './hover';
import { registerLenses } from './lenses';
import { registerLinks } from './links';
import { registerProblems } from './problems';
import { ConfigScans } from './scan';

/** What the editor knows of configs beyond their schema. */
export function registerConfigs(context: vscode.ExtensionContext, services: Services): ConfigScans {
  const scans = new ConfigScans(services);
  context.subscriptions.push(scans);
  registerProblems(context, services, scans);
  registerCompletion(context, services, scans);
  registerHover(context, services, scans);
  registerLenses(context, services);
  registerLinks(context, services);
  return scans;
}
