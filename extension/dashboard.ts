import type * as vscode from 'vscode';
import type { Services } from './services';

export function registerDashboard(_context: vscode.ExtensionContext, _services: Services): void {}
