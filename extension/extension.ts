import * as vscode from 'vscode';
import { registerCheckDevices } from './check-devices';
import { registerCompare } from './compare';
import { registerConfigs } from './config/register';
import { registerCuda } from './cuda';
import { registerDashboard } from './dashboard';
import { registerDiagnosticsReport } from './diagnostics-report';
import { registerDistill } from './distill';
import { registerDomainsView } from './domains-view';
import { registerEstimateCost } from './estimate-cost';
import { registerEvaluate } from './evaluate';
import { registerProjects } from './projects';
import { registerStatus } from './run-status';
import { watchRuns } from './run-watch';
import { registerRunsView } from './runs-view';
import { createServices, type Services } from './services';
import { registerTasks } from './tasks';
import { registerTryTeacher } from './try-teacher';
import { registerViewer } from './viewer';

/** What tests and other extensions may use. */
export interface Api {
  services: Services;
}

export function activate(context: vscode.ExtensionContext): Api {
  const services = createServices(context);
  registerDistill(context, services, registerCompare(context, services));
  registerEstimateCost(context, services);
  const scans = registerConfigs(context, services);
  registerEvaluate(context, services);
  registerTryTeacher(context, services);
  registerStatus(context, services);
  registerRunsView(context, services);
  registerDomainsView(context, scans);
  registerProjects(context, services);
  registerTasks(context);
  registerDiagnosticsReport(context, services);
  registerCheckDevices(context, services);
  registerCuda(context, services);
  watchRuns(context, services);
  registerDashboard(context, services);
  registerViewer(context, services);
  context.subscriptions.push(
    vscode.commands.registerCommand('meddistill.showLog', () => services.log.show()),
    vscode.commands.registerCommand('meddistill.restartEngine', () => services.engine.restart()),
  );
  return { services };
}
