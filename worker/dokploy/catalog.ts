/**
 * Every procedure of Dokploy v0.30.2 (604), and what to use instead of those that are not answered here. The source is the OpenAPI document of that release, as its
 * own clients are generated from.
 */

/** The release whose API this is. */
export const dokployVersion = 'v0.30.2';

interface CatalogEntry {
  /** Names of the queries, which come by GET. */
  get: string;
  /** Names of the mutations, which come by POST. */
  post: string;
  /** Why a procedure is not there, and what is used instead; '' where the table of the router has all of it or `instead.ts` says more. */
  instead: string;
}

export const catalog: Readonly<Record<string, CatalogEntry>> = {
  admin: {
    get: '',
    post: 'setupMonitoring',
    instead: 'Monitoring needs no setup: GET /api/v1/apps/{appId}/stats.',
  },
  ai: {
    get: 'get getAll getCustomProviders getEnabledProviders getModels one',
    post: 'analyzeLogs create delete deploy saveCustomProviders suggest testConnection update',
    instead: 'There are no AI features on the server: agents use the API (GET /llms.txt).',
  },
  application: {
    get: 'one readAppMonitoring readLogs readTraefikConfig search',
    post: 'cancelDeployment cleanQueues clearDeployments create delete deploy deployNginxQuickstart disconnectGitProvider dropDeployment killBuild markRunning move redeploy refreshToken reload saveBitbucketProvider saveBuildType saveDockerProvider saveEnvironment saveGitProvider saveGiteaProvider saveGithubProvider saveGitlabProvider start stop update updateTraefikConfig',
    instead: '',
  },
  auditLog: {
    get: 'all',
    post: '',
    instead: '',
  },
  backup: {
    get: 'listBackupFiles one',
    post: 'create manualBackupCompose manualBackupLibsql manualBackupMariadb manualBackupMongo manualBackupMySql manualBackupPostgres manualBackupWebServer remove update',
    instead: 'Backups are not available yet: GET /api/v1/apps/{appId}/volumes/{volume}/content downloads a volume.',
  },
  bitbucket: {
    get: 'bitbucketProviders getBitbucketBranches getBitbucketRepositories one',
    post: 'create testConnection update',
    instead: 'Deploying from a git repository is not available yet: deploy an image (application.saveDockerProvider), or upload one (POST /api/v1/deploy/{slug}).',
  },
  certificates: {
    get: 'all one',
    post: 'create remove update',
    instead: 'Certificates of the apps are obtained and renewed by the server itself.',
  },
  cluster: {
    get: 'addManager addWorker getNodes',
    post: 'removeWorker',
    instead: 'Servers are single engines, each with its executor: server.all lists them.',
  },
  compose: {
    get: 'getConvertedCompose getDefaultCommand getTags loadMountsByService loadServices one readLogs search templates',
    post: 'cancelDeployment cleanQueues clearDeployments create delete deploy deployTemplate disconnectGitProvider fetchSourceType import isolatedDeployment killBuild move previewTemplate processTemplate randomizeCompose redeploy refreshToken saveEnvironment start stop update',
    instead: 'Compose files are not available yet: make an application for each service (application.create).',
  },
  customRole: {
    get: 'all getStatements membersByRole',
    post: 'create remove update',
    instead: 'Roles are owner, admin and member, with grants for each member: PATCH /api/v1/users/{userId}.',
  },
  deployment: {
    get: 'all allByCompose allByServer allByType allCentralized queueList readLogs',
    post: 'killProcess removeDeployment',
    instead: '',
  },
  destination: {
    get: 'all one',
    post: 'create remove testConnection update',
    instead: 'Backups are not available yet: GET /api/v1/apps/{appId}/volumes/{volume}/content downloads a volume.',
  },
  dnsProvider: {
    get: 'all listRecords listZones one',
    post: 'create createRecord deleteRecord remove testConnection update updateRecord',
    instead: 'DNS records are made where the domain is managed: one wildcard record serves all apps.',
  },
  docker: {
    get: 'getConfig getContainers getContainersByAppLabel getContainersByAppNameMatch getEvents getServerHealth getServiceContainersByAppName getStackContainersByAppName listContainerFiles readContainerFile',
    post: 'deleteContainerFile killContainer removeContainer restartContainer startContainer stopContainer uploadFileToContainer writeContainerFile',
    instead: '',
  },
  dockerDiskUsage: {
    get: 'getBuildCache getDiskUsage',
    post: 'pruneBuildCache',
    instead: 'The disks of a server are in GET /api/v1/servers/{serverId}; images that nothing needs are removed by themselves.',
  },
  dockerImage: {
    get: 'getImageConfig getImages',
    post: 'removeImage',
    instead: 'Images follow deployments: those of the last ones are kept for rollbacks, others are removed by themselves.',
  },
  dockerVolume: {
    get: 'getVolumeConfig getVolumes getVolumesSize listVolumeFiles readVolumeFile',
    post: 'deleteVolumeFile removeVolume writeVolumeFile',
    instead: 'Volumes belong to apps: mounts.listByServiceId, GET /api/v1/apps/{appId}/volumes.',
  },
  domain: {
    get: 'byApplicationId byComposeId canGenerateTraefikMeDomains one',
    post: 'create delete generateDomain toggleEnable update validateDomain',
    instead: '',
  },
  environment: {
    get: 'byProjectId one search',
    post: 'create duplicate remove update',
    instead: '',
  },
  forwardAuth: {
    get: 'getAuthDomain listProviders serverStatus status',
    post: 'deployOnServer disable enable removeAuthDomain removeOnServer setAuthDomain',
    instead: 'Single sign-on before apps is not available yet.',
  },
  gitProvider: {
    get: 'allForPermissions getAll',
    post: 'remove toggleShare',
    instead: 'Deploying from a git repository is not available yet: deploy an image (application.saveDockerProvider), or upload one (POST /api/v1/deploy/{slug}).',
  },
  gitea: {
    get: 'getGiteaBranches getGiteaRepositories getGiteaUrl giteaProviders one',
    post: 'create testConnection update',
    instead: 'Deploying from a git repository is not available yet: deploy an image (application.saveDockerProvider), or upload one (POST /api/v1/deploy/{slug}).',
  },
  github: {
    get: 'getGithubBranches getGithubRepositories githubProviders one',
    post: 'testConnection update',
    instead: 'Deploying from a git repository is not available yet: deploy an image (application.saveDockerProvider), or upload one (POST /api/v1/deploy/{slug}).',
  },
  gitlab: {
    get: 'getGitlabBranches getGitlabRepositories gitlabProviders one',
    post: 'create testConnection update',
    instead: 'Deploying from a git repository is not available yet: deploy an image (application.saveDockerProvider), or upload one (POST /api/v1/deploy/{slug}).',
  },
  libsql: {
    get: 'one readLogs',
    post: 'changeStatus create deploy move rebuild reload remove saveEnvironment saveExternalPorts start stop update',
    instead: 'Databases are not available yet: run one as an application from its image (application.create, mounts.create).',
  },
  licenseKey: {
    get: 'getEnterpriseSettings haveValidLicenseKey',
    post: 'activate deactivate updateEnterpriseSettings validate',
    instead: 'There are no licences: nothing is held back.',
  },
  mariadb: {
    get: 'one readLogs search',
    post: 'changePassword changeStatus create deploy move rebuild reload remove saveEnvironment saveExternalPort start stop update',
    instead: 'Databases are not available yet: run one as an application from its image (application.create, mounts.create).',
  },
  mongo: {
    get: 'one readLogs search',
    post: 'changePassword changeStatus create deploy move rebuild reload remove saveEnvironment saveExternalPort start stop update',
    instead: 'Databases are not available yet: run one as an application from its image (application.create, mounts.create).',
  },
  mounts: {
    get: 'allNamedByApplicationId listByServiceId one',
    post: 'create remove update',
    instead: '',
  },
  mysql: {
    get: 'one readLogs search',
    post: 'changePassword changeStatus create deploy move rebuild reload remove saveEnvironment saveExternalPort start stop update',
    instead: 'Databases are not available yet: run one as an application from its image (application.create, mounts.create).',
  },
  network: {
    get: 'all inspect networksToSync one',
    post: 'create import recreate remove resync',
    instead: 'The apps of a project share one private network, which is made with them.',
  },
  notification: {
    get: 'all getEmailProviders one',
    post: 'createCustom createDiscord createEmail createGotify createLark createMattermost createNtfy createPushover createResend createSlack createTeams createTelegram receiveNotification remove testCustomConnection testDiscordConnection testEmailConnection testGotifyConnection testLarkConnection testMattermostConnection testNtfyConnection testPushoverConnection testResendConnection testSlackConnection testTeamsConnection testTelegramConnection updateCustom updateDiscord updateEmail updateGotify updateLark updateMattermost updateNtfy updatePushover updateResend updateSlack updateTeams updateTelegram',
    instead: 'Notifications are not available yet: GET /api/v1/apps/{appId}/events/stream follows what happens.',
  },
  organization: {
    get: 'active all allInvitations one',
    post: 'create delete inviteMember removeInvitation setDefault update updateMemberRole',
    instead: '',
  },
  overview: {
    get: 'backups domains services',
    post: '',
    instead: 'project.all and project.homeStats tell what there is.',
  },
  patch: {
    get: 'byEntityId one readRepoDirectories readRepoFile',
    post: 'cleanPatchRepos create delete ensureRepo markFileForDeletion saveFileAsPatch toggleEnabled update',
    instead: 'Deploying from a git repository is not available yet: deploy an image (application.saveDockerProvider), or upload one (POST /api/v1/deploy/{slug}).',
  },
  port: {
    get: 'one',
    post: 'create delete update',
    instead: 'Published ports are in the settings of the app: PATCH /api/v1/apps/{appId} with `published_ports`.',
  },
  postgres: {
    get: 'one readLogs search',
    post: 'changePassword changeStatus create deploy move rebuild reload remove saveEnvironment saveExternalPort start stop update',
    instead: 'Databases are not available yet: run one as an application from its image (application.create, mounts.create).',
  },
  previewDeployment: {
    get: 'all one',
    post: 'delete redeploy',
    instead: 'Deploying from a git repository is not available yet: deploy an image (application.saveDockerProvider), or upload one (POST /api/v1/deploy/{slug}).',
  },
  project: {
    get: 'all allForPermissions homeStats onboardingStatus one search',
    post: 'completeOnboarding create duplicate remove update',
    instead: '',
  },
  redirects: {
    get: 'one',
    post: 'create delete update',
    instead: 'Redirects are not available yet.',
  },
  redis: {
    get: 'one readLogs search',
    post: 'changePassword changeStatus create deploy move rebuild reload remove saveEnvironment saveExternalPort start stop update',
    instead: 'Databases are not available yet: run one as an application from its image (application.create, mounts.create).',
  },
  registry: {
    get: 'all one',
    post: 'create remove testRegistry testRegistryById update',
    instead: 'Private registries are not available yet: upload the image (POST /api/v1/deploy/{slug}).',
  },
  rollback: {
    get: '',
    post: 'delete rollback',
    instead: '',
  },
  schedule: {
    get: 'list one',
    post: 'create delete runManually update',
    instead: 'Schedules are not available yet.',
  },
  scim: {
    get: 'listProviders',
    post: 'deleteProvider generateToken',
    instead: 'SCIM is not available yet.',
  },
  security: {
    get: 'one',
    post: 'create delete update',
    instead: 'Basic authentication before apps is not available yet.',
  },
  server: {
    get: 'all allForPermissions buildServers count getDefaultCommand getServerMetrics getServerTime getServices one publicIp security validate withSSHKey',
    post: 'create remove setup setupMonitoring update updateBuildsConcurrency',
    instead: '',
  },
  settings: {
    get: 'checkGPUStatus checkInfrastructureHealth getDockerDiskUsage getDokployCloudIps getDokployVersion getIp getLogCleanupStatus getOpenApiDocument getReleaseTag getTraefikPorts getWebServerSettings haveActivateRequests haveTraefikDashboardPortEnabled health isCloud isUserSubscribed readDirectories readMiddlewareTraefikConfig readTraefikConfig readTraefikEnv readTraefikFile readWebServerTraefikConfig',
    post: 'assignDomainServer cleanAll cleanAllDeploymentQueue cleanDockerBuilder cleanDockerPrune cleanMonitoring cleanSSHPrivateKey cleanStoppedContainers cleanUnusedImages cleanUnusedVolumes getUpdateData reloadServer reloadTraefik saveSSHPrivateKey setupGPU toggleDashboard toggleRequests updateBuildsConcurrency updateDockerCleanup updateEnforceSSO updateLogCleanup updateMiddlewareTraefikConfig updateRemoteServersOnly updateServer updateServerIp updateTraefikConfig updateTraefikFile updateTraefikPorts updateWebServerTraefikConfig writeTraefikEnv',
    instead: '',
  },
  sshKey: {
    get: 'all allForApps one',
    post: 'create generate remove update',
    instead: 'Deploying from a git repository is not available yet: deploy an image (application.saveDockerProvider), or upload one (POST /api/v1/deploy/{slug}).',
  },
  sso: {
    get: 'enforceSSO getTrustedOrigins listProviders one showSignInWithSSO',
    post: 'addTrustedOrigin deleteProvider register removeTrustedOrigin update updateTrustedOrigin',
    instead: 'Single sign-on is not available yet.',
  },
  stripe: {
    get: 'canCreateMoreServers getBillingStatus getCurrentPlan getInvoices getProducts',
    post: 'createCheckoutSession createCustomerPortalSession startFreeTrial updateInvoiceNotifications upgradeSubscription',
    instead: 'There is nothing to pay.',
  },
  swarm: {
    get: 'getContainerStats getNodeApps getNodeInfo getNodes',
    post: '',
    instead: 'Servers are single engines, each with its executor: server.all lists them.',
  },
  tag: {
    get: 'all one',
    post: 'assignToProject bulkAssign create remove removeFromProject update',
    instead: '',
  },
  user: {
    get: 'all checkUserOrganizations get getBackups getBookmarkedTemplates getContainerMetrics getInvitations getMetricsToken getPermissions getServerMetrics getUserByToken haveRootAccess listPasskeys listSessions one session',
    post: 'assignPermissions createApiKey createUserWithCredentials deleteApiKey generateToken remove revokeSession sendInvitation toggleTemplateBookmark update',
    instead: '',
  },
  vaultProvider: {
    get: 'all listSecretNames one',
    post: 'create remove testConnection update',
    instead: 'External vaults are not available yet: the environment of an app is kept encrypted.',
  },
  volumeBackups: {
    get: 'list one',
    post: 'create delete runManually update',
    instead: 'Backups are not available yet: GET /api/v1/apps/{appId}/volumes/{volume}/content downloads a volume.',
  },
  whitelabeling: {
    get: 'get getPublic',
    post: 'reset update',
    instead: 'The look cannot be changed.',
  },
};
