/** The variables of VS Code's default themes that the pages use, as the editor puts them on the page's root. */
export const themes = {
  light: {
    class: 'vscode-light',
    variables: {
      'editor-background': '#ffffff',
      'editor-foreground': '#3b3b3b',
      foreground: '#3b3b3b',
      descriptionForeground: '#616161',
      focusBorder: '#005fb8',
      'button-background': '#005fb8',
      'button-foreground': '#ffffff',
      'button-secondaryBackground': '#e5e5e5',
      'button-secondaryForeground': '#3b3b3b',
      'badge-background': '#cccccc',
      'badge-foreground': '#3b3b3b',
      'progressBar-background': '#005fb8',
      'editorWidget-border': '#c8c8c8',
      'settings-dropdownBackground': '#ffffff',
      'settings-dropdownForeground': '#3b3b3b',
      'settings-dropdownBorder': '#cecece',
      'inputValidation-errorBackground': '#f2dede',
      'inputValidation-errorBorder': '#be1100',
      'icon-foreground': '#3b3b3b',
      'panel-background': '#f8f8f8',
      'settings-headerBorder': '#cecece',
      'panelTitle-activeForeground': '#3b3b3b',
      'panelTitle-inactiveForeground': '#3b3b3b',
      'panelTitle-activeBorder': '#005fb8',
      'toolbar-hoverBackground': '#b8b8b850',
      'meddistill-network1': '#0276f4',
      'meddistill-network2': '#b58c08',
      'meddistill-network3': '#a71787',
      'meddistill-network4': '#05a470',
    },
  },
  dark: {
    class: 'vscode-dark',
    variables: {
      'editor-background': '#1f1f1f',
      'editor-foreground': '#cccccc',
      foreground: '#cccccc',
      descriptionForeground: '#9d9d9d',
      focusBorder: '#0078d4',
      'button-background': '#0078d4',
      'button-foreground': '#ffffff',
      'button-secondaryBackground': '#313131',
      'button-secondaryForeground': '#cccccc',
      'badge-background': '#616161',
      'badge-foreground': '#f8f8f8',
      'progressBar-background': '#0078d4',
      'editorWidget-border': '#454545',
      'settings-dropdownBackground': '#313131',
      'settings-dropdownForeground': '#cccccc',
      'settings-dropdownBorder': '#3c3c3c',
      'inputValidation-errorBackground': '#5a1d1d',
      'inputValidation-errorBorder': '#be1100',
      'icon-foreground': '#cccccc',
      'panel-background': '#181818',
      'settings-headerBorder': '#2b2b2b',
      'panelTitle-activeForeground': '#cccccc',
      'panelTitle-inactiveForeground': '#9d9d9d',
      'panelTitle-activeBorder': '#0078d4',
      'toolbar-hoverBackground': '#5a5d5e50',
      'meddistill-network1': '#5eafeb',
      'meddistill-network2': '#fdda2e',
      'meddistill-network3': '#c4287a',
      'meddistill-network4': '#09f587',
    },
  },
  'high contrast': {
    class: 'vscode-high-contrast',
    variables: {
      'editor-background': '#000000',
      'editor-foreground': '#ffffff',
      foreground: '#ffffff',
      descriptionForeground: '#ffffffb3',
      focusBorder: '#f38518',
      contrastBorder: '#6fc3df',
      contrastActiveBorder: '#f38518',
      'button-background': '#000000',
      'button-foreground': '#ffffff',
      'button-border': '#6fc3df',
      'button-secondaryBackground': '#000000',
      'button-secondaryForeground': '#ffffff',
      'badge-background': '#000000',
      'badge-foreground': '#ffffff',
      'progressBar-background': '#6fc3df',
      'settings-dropdownBackground': '#000000',
      'settings-dropdownForeground': '#ffffff',
      'settings-dropdownBorder': '#6fc3df',
      'inputValidation-errorBackground': '#000000',
      'inputValidation-errorBorder': '#be1100',
      'icon-foreground': '#ffffff',
      'settings-headerBorder': '#6fc3df',
      'panelTitle-activeForeground': '#ffffff',
      'panelTitle-inactiveForeground': '#ffffff',
      'panelTitle-activeBorder': '#6fc3df',
      'meddistill-network1': '#5eafeb',
      'meddistill-network2': '#fdda2e',
      'meddistill-network3': '#c4287a',
      'meddistill-network4': '#09f587',
    },
  },
} as const;

export type ThemeName = keyof typeof themes;

/** Gives the page a theme as the editor does. */
export function applyTheme(name: ThemeName): void {
  const theme = themes[name];
  document.body.className = theme.class;
  const { style } = document.documentElement;
  document.documentElement.removeAttribute('style');
  for (const [key, value] of Object.entries(theme.variables))
    style.setProperty(`--vscode-${key}`, value);
  style.setProperty('--vscode-font-family', 'system-ui, sans-serif');
  style.setProperty('--vscode-font-size', '13px');
}
