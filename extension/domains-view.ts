import * as vscode from 'vscode';
import type { DomainSurvey } from '../engine/contract/cohort';
import { escapeMarkdown, oneLine, withoutIcons } from '../engine/presentation/plain-text';
import { findConfigs, isConfig } from './config-file';
import { describeDomain } from './config/domain-summary';
import type { ConfigScans } from './config/scan';
import { tooltip } from './tooltip';

class DomainItem extends vscode.TreeItem {
  constructor(
    readonly domain: string,
    readonly survey: DomainSurvey,
    faults: string[],
  ) {
    super(withoutIcons(domain), vscode.TreeItemCollapsibleState.Collapsed);
    this.id = `domain ${domain}`;
    const count = survey.cases.length;
    this.description = `${survey.role}, ${count} case${count === 1 ? '' : 's'}`;
    this.tooltip = tooltip([
      ...describeDomain(domain, survey),
      ...faults.map((fault) => escapeMarkdown(fault, 500)),
    ]);
    this.iconPath =
      faults.length > 0
        ? new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'))
        : new vscode.ThemeIcon(survey.role === 'source' ? 'database' : 'target');
  }
}

class CaseItem extends vscode.TreeItem {
  constructor({ id, split, image }: DomainSurvey['cases'][number]) {
    super(withoutIcons(id));
    this.description = split;
    this.tooltip = oneLine(image, 1000);
    this.iconPath = new vscode.ThemeIcon('file-media');
    this.resourceUri = undefined;
    const uri = vscode.Uri.file(image);
    this.command = /\.nii(\.gz)?$/i.test(image)
      ? {
          command: 'vscode.openWith',
          title: 'Open Image',
          arguments: [uri, 'meddistill.volume'],
        }
      : { command: 'vscode.open', title: 'Open Image', arguments: [uri] };
  }
}

type Item = DomainItem | CaseItem;

/** The domains of the config that is, or was last, in the editor, with their cases. */
class DomainsTree implements vscode.TreeDataProvider<Item> {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;
  private document: vscode.TextDocument | null = null;

  constructor(private readonly scans: ConfigScans) {}

  show(document: vscode.TextDocument | null): void {
    this.document = document;
    this.changed.fire();
  }

  get shown(): vscode.TextDocument | null {
    return this.document;
  }

  getTreeItem(item: Item): Item {
    return item;
  }

  getChildren(item?: Item): Item[] {
    if (item instanceof DomainItem) return item.survey.cases.map((one) => new CaseItem(one));
    const survey = this.document && this.scans.of(this.document);
    if (item || !survey) return [];
    return Object.entries(survey.domains).map(
      ([name, domain]) =>
        new DomainItem(
          name,
          domain,
          survey.faults.filter(({ path }) => path[1] === name).map(({ message }) => message),
        ),
    );
  }
}

export function registerDomainsView(context: vscode.ExtensionContext, scans: ConfigScans): void {
  const tree = new DomainsTree(scans);
  const view = vscode.window.createTreeView('meddistill.domains', { treeDataProvider: tree });
  const show = (document: vscode.TextDocument) => {
    view.description = vscode.workspace.asRelativePath(document.uri);
    tree.show(document);
  };
  const showActive = async () => {
    const document = vscode.window.activeTextEditor?.document;
    if (document && isConfig(document.uri)) return show(document);
    if (!view.visible || (tree.shown && !tree.shown.isClosed)) return;
    // Nothing was open yet: the first config is as good as any.
    const [first] = await findConfigs();
    if (first) show(await vscode.workspace.openTextDocument(first));
  };
  context.subscriptions.push(
    view,
    scans.onDidSurvey((document) => {
      if (document === tree.shown) tree.show(document);
    }),
    vscode.window.onDidChangeActiveTextEditor(() => void showActive()),
    view.onDidChangeVisibility(() => void showActive()),
  );
  void showActive();
}
