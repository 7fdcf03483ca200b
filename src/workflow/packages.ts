/** The optional packages that workflows in YAML need. All of them are named when one is missing, so that one command installs them. */
export const workflowPackages = ['yaml', 'jmespath', 'ajv', 'ajv-formats'] as const;
