import * as vscode from 'vscode';
import type { Fix } from '../../engine/config/fixes';
import { configSelector } from '../config-file';
import { allowedValues, editsOf } from './edits';
import { Outline, type Span } from './outline';
import type { ConfigScans } from './scan';

/** A problem with what may be meant instead. */
class ConfigProblem extends vscode.Diagnostic {
  fixes: Fix[] = [];
}

/** What is wrong with configs and their files as problems, with quick fixes where one is obvious. */
export function registerProblems(context: vscode.ExtensionContext, scans: ConfigScans): void {
  const collection = vscode.languages.createDiagnosticCollection('meddistill');
  const problems = new Map<string, ConfigProblem[]>();
  const publish = (document: vscode.TextDocument) => {
    const survey = scans.of(document);
    if (!survey) return;
    const outline = new Outline(document.getText());
    const found = [
      ...survey.textFaults.map(({ line, column, message, severity, fixes }) => {
        const offset = document.offsetAt(new vscode.Position(line - 1, column - 1));
        const node = outline.at(offset)?.node;
        return problem(document, node ?? { offset, length: 1 }, message, severity, fixes);
      }),
      ...survey.faults.map(({ path, message, severity, fixes }) =>
        problem(document, outline.spanOf(path), message, severity, fixes),
      ),
    ];
    problems.set(document.uri.toString(), found);
    collection.set(document.uri, found);
  };
  context.subscriptions.push(
    collection,
    scans.onDidSurvey(publish),
    scans.onDidClose((uri) => {
      problems.delete(uri.toString());
      collection.delete(uri);
    }),
    vscode.languages.registerCodeActionsProvider(
      configSelector,
      {
        provideCodeActions: (document, range, { diagnostics }) => [
          ...(problems.get(document.uri.toString()) ?? [])
            .filter((p) => p.range.intersection(range))
            .flatMap((p) =>
              p.fixes.map((fix, n) => quickFix(document, fix, p, n === 0 && p.fixes.length === 1)),
            ),
          ...diagnostics
            .filter(({ source }) => source !== 'MedDistill')
            .flatMap((diagnostic) => enumFixes(document, diagnostic)),
        ],
      },
      { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] },
    ),
  );
}

function problem(
  document: vscode.TextDocument,
  span: Span,
  message: string,
  severity: 'error' | 'warning',
  fixes: Fix[],
): ConfigProblem {
  const start = document.positionAt(span.offset);
  const end = document.positionAt(span.offset + span.length);
  // A whole object underlined would hide everything else.
  const range =
    end.line > start.line
      ? new vscode.Range(start, document.lineAt(start.line).range.end)
      : new vscode.Range(start, end);
  const result = new ConfigProblem(
    range,
    message,
    severity === 'error' ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning,
  );
  result.source = 'MedDistill';
  result.fixes = fixes;
  return result;
}

function quickFix(
  document: vscode.TextDocument,
  fix: Fix,
  diagnostic: vscode.Diagnostic,
  preferred: boolean,
): vscode.CodeAction {
  const action = new vscode.CodeAction(fix.title, vscode.CodeActionKind.QuickFix);
  action.diagnostics = [diagnostic];
  action.isPreferred = preferred;
  action.edit = new vscode.WorkspaceEdit();
  for (const { offset, length, content } of editsOf(document.getText(), fix))
    action.edit.replace(
      document.uri,
      new vscode.Range(document.positionAt(offset), document.positionAt(offset + length)),
      content,
    );
  return action;
}

/** For a value that the schema does not allow: those that it does. */
function enumFixes(
  document: vscode.TextDocument,
  diagnostic: vscode.Diagnostic,
): vscode.CodeAction[] {
  return allowedValues(diagnostic.message).map((value) => {
    const action = new vscode.CodeAction(`Use "${value}"`, vscode.CodeActionKind.QuickFix);
    action.diagnostics = [diagnostic];
    action.edit = new vscode.WorkspaceEdit();
    action.edit.replace(document.uri, diagnostic.range, JSON.stringify(value));
    return action;
  });
}
