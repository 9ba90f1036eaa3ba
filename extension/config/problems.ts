import * as vscode from 'vscode';
import type { Fix } from '../../engine/contract/config';
import { configSelector } from '../config-file';
import type { Services } from '../services';
import { editsOf } from './edits';
import { Outline, type Span } from './outline';
import { configText, type ConfigScans } from './scan';

/** A problem with what may be meant instead. */
class ConfigProblem extends vscode.Diagnostic {
  fixes: Fix[] = [];
}

/** What is wrong with configs and their files as problems, with quick fixes where one is obvious. */
export function registerProblems(
  context: vscode.ExtensionContext,
  services: Services,
  scans: ConfigScans,
): void {
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
        provideCodeActions: async (document, range, { diagnostics }, token) => [
          ...(problems.get(document.uri.toString()) ?? [])
            .filter((p) => p.range.intersection(range))
            .flatMap((p) => quickFixes(document, p.fixes, p)),
          ...(await schemaFixes(
            services,
            document,
            diagnostics.filter(({ source }) => source !== 'MedDistill'),
            token,
          )),
        ],
      },
      { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] },
    ),
  );
}

const rangeOf = (document: vscode.TextDocument, { offset, length }: Span) =>
  new vscode.Range(document.positionAt(offset), document.positionAt(offset + length));

function problem(
  document: vscode.TextDocument,
  span: Span,
  message: string,
  severity: 'error' | 'warning',
  fixes: Fix[],
): ConfigProblem {
  const whole = rangeOf(document, span);
  // A whole object underlined would hide everything else.
  const range = whole.isSingleLine
    ? whole
    : new vscode.Range(whole.start, document.lineAt(whole.start.line).range.end);
  const result = new ConfigProblem(
    range,
    message,
    severity === 'error' ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning,
  );
  result.source = 'MedDistill';
  result.fixes = fixes;
  return result;
}

/** The preferred one is the only one. */
const quickFixes = (
  document: vscode.TextDocument,
  fixes: readonly Fix[],
  diagnostic: vscode.Diagnostic,
): vscode.CodeAction[] =>
  fixes.map((fix) => {
    const action = new vscode.CodeAction(fix.title, vscode.CodeActionKind.QuickFix);
    action.diagnostics = [diagnostic];
    action.isPreferred = fixes.length === 1;
    action.edit = new vscode.WorkspaceEdit();
    for (const { content, ...span } of editsOf(document.getText(), fix))
      action.edit.replace(document.uri, rangeOf(document, span), content);
    return action;
  });

/** Where the text does not fit the schema, the editor itself says so; what may be meant instead the engine knows. */
async function schemaFixes(
  { engine, log }: Services,
  document: vscode.TextDocument,
  diagnostics: readonly vscode.Diagnostic[],
  token: vscode.CancellationToken,
): Promise<vscode.CodeAction[]> {
  if (diagnostics.length === 0) return [];
  try {
    const { faults } = await engine.request('summarize', configText(document), token);
    const outline = new Outline(document.getText());
    return diagnostics.flatMap((diagnostic) =>
      faults
        .filter(({ path }) =>
          [outline.spanOf(path, 'key'), outline.spanOf(path)].some((span) =>
            rangeOf(document, span).isEqual(diagnostic.range),
          ),
        )
        .flatMap(({ fixes }) => quickFixes(document, fixes, diagnostic)),
    );
  } catch (error) {
    if (!token.isCancellationRequested)
      log.warn(`There are no quick fixes for ${document.uri.fsPath}: ${(error as Error).message}`);
    return [];
  }
}
