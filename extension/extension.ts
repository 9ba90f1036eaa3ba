import * as vscode from 'vscode';
import { registerConfigs } from './config/register';
import { registerDashboard } from './dashboard';
import { registerDistill } from './distill';
import { registerEvaluate } from './evaluate';
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
  registerConfigs(context, services);
  registerEvaluate(context, services);
  registerStatus(context, services, plans);
  watchRuns(context, services);
  registerDashboard(context, services, plans);
  registerViewer(context, services);
  context.subscriptions.push(
    vscode.commands.registerCommand('meddistill.showLog', () => services.log.show()),
    vscode.commands.registerCommand('meddistill.restartEngine', () => services.engine.restart()),
  );
  return { services };
}
