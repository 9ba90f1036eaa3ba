import * as vscode from 'vscode';
import { registerDashboard } from './dashboard';
import { registerDistill } from './distill';
import { registerStatus } from './run-status';
import { RunPlans, watchRuns } from './run-watch';
import { createServices, type Services } from './services';
import { registerViewer } from './viewer';

/** What tests and other extensions may use. */
export interface Api {
  services: Services;
}

export function activate(context: vscode.ExtensionContext): Api {
  const services = createServices(context);
  const plans = new RunPlans(services);
  registerDistill(context, services, plans);
  registerStatus(context, services, plans);
  watchRuns(context, services);
  registerDashboard(context, services);
  registerViewer(context, services);
  context.subscriptions.push(
    vscode.commands.registerCommand('meddistill.showLog', () => services.log.show()),
    vscode.commands.registerCommand('meddistill.restartEngine', () => services.engine.restart()),
  );
  return { services };
}
