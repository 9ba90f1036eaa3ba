import type * as vscode from 'vscode';
import { registerDashboard } from './dashboard';
import { createServices, type Services } from './services';
import { registerViewer } from './viewer';

/** What tests and other extensions may use. */
export interface Api {
  services: Services;
}

export function activate(context: vscode.ExtensionContext): Api {
  const services = createServices(context);
  registerDashboard(context, services);
  registerViewer(context, services);
  return { services };
}
