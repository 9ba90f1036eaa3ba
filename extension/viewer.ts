import type * as vscode from 'vscode';
import type { Services } from './services';

export function registerViewer(_context: vscode.ExtensionContext, _services: Services): void {}
