package event

// meaning of a word in a name: see wordsOf.
var vocabulary = map[string]meaning{
	"add": {kinds: creation}, "bootstrap": {kinds: creation}, "create": {kinds: creation}, "created": {kinds: creation},
	"enroll": {kinds: creation}, "generate": {kinds: creation}, "provision": {kinds: creation}, "register": {kinds: creation},

	"cancel": {kinds: deletion}, "cancelled": {kinds: deletion}, "delete": {kinds: deletion}, "deleted": {kinds: deletion},
	"deprovision": {kinds: deletion}, "remove": {kinds: deletion}, "removed": {kinds: deletion}, "revoke": {kinds: deletion},

	"change": {kinds: change}, "reset": {kinds: change}, "rotate": {kinds: change}, "update": {kinds: change}, "updated": {kinds: change},
	"activated": {kinds: change}, "deactivated": {kinds: change}, "enabled": {kinds: change}, "disabled": {kinds: change}, "canceled": {kinds: change},

	"activate": {kinds: start}, "enable": {kinds: start}, "initiate": {kinds: start}, "initiated": {kinds: start}, "start": {kinds: start},
	"started": {kinds: start}, "unsuspend": {kinds: start},
	"completed": {kinds: end}, "deactivate": {kinds: end}, "disable": {kinds: end}, "end": {kinds: end}, "expire": {kinds: end},
	"expired": {kinds: end}, "logout": {kinds: end}, "suspend": {kinds: end},

	"user": {kinds: user}, "users": {kinds: user}, "group": {kinds: group}, "groups": {kinds: group},
	"membership": {people: true}, "memberships": {people: true}, "role": {people: true},

	"auth": {signIn: true}, "authentication": {signIn: true}, "authenticator": {signIn: true}, "credential": {signIn: true},
	"credentials": {signIn: true}, "delauth": {signIn: true}, "factor": {signIn: true}, "login": {kinds: start, signIn: true},
	"mfa": {signIn: true}, "password": {signIn: true}, "reauthorize": {signIn: true}, "signin": {kinds: start, signIn: true},
	"signout": {kinds: end, signIn: true}, "token": {signIn: true}, "verification": {signIn: true},
}

// family is the event types whose names begin alike.
type family struct {
	prefix   string
	category string // "" where the words of a name decide
	open     bool   // a name that speaks of signing in is authentication all the same
	more     kinds  // what its types are besides what their words say
	only     kinds  // what its types are, whatever their words say
}

// families are those whose names alone would mislead, the longest prefix first to count. What the catalogue's category and
// tags say of a family decides; a prefix that does not end in a dot is a named exception.
var families = []family{
	// Who may do what: access requests, reviews, roles, groups, users.
	{prefix: "access.", category: iam},
	{prefix: "app.access_request.", category: iam},
	{prefix: "app.access_request.approver.", category: iam, only: admin},
	{prefix: "app.access_request.delete", category: iam, more: admin},
	{prefix: "app.ad.api.user_import.", category: iam},
	{prefix: "app.app_instance.provision_sync_job.", category: iam},
	{prefix: "app.app_instance.provision_sync_job.failed", category: iam, more: info},
	{prefix: "app.office365.api.", category: iam, open: true},
	{prefix: "app.office365.api.error.validate.admin.", category: iam, only: admin},
	{prefix: "app.office365.api.error.sync.not.", category: iam, only: info},
	{prefix: "app.office365.dirsync.", category: iam, only: info},
	{prefix: "app.radius.info_access.", category: iam},
	{prefix: "application.appuser.", category: iam, only: user},
	{prefix: "application.provision.group_push.mapping.created.from.rule.warning.upsertgroup.", category: iam, more: group},
	{prefix: "application.provision.group_push.mapping.deactivated.", category: iam, only: creation | group},
	{prefix: "application.provision.user.", category: iam, open: true},
	{prefix: "device.user.", category: iam},
	{prefix: "directory.", category: iam},
	{prefix: "directory.linked_object.", category: configuration},
	{prefix: "directory.mapping.", category: configuration},
	{prefix: "directory.user_profile.update", category: iam, more: info},
	{prefix: "group.", category: iam},
	{prefix: "group.privilege.grant", category: iam, more: info},
	{prefix: "group.profile.", category: iam, more: admin},
	{prefix: "group.user_membership.rule.deactivated", category: iam, only: group | user},
	{prefix: "iam.", category: iam, more: info},
	{prefix: "iam.policy.", category: configuration, more: info},
	{prefix: "iam.resourceset.", category: configuration, more: info},
	{prefix: "iam.role.permission.", category: iam},
	{prefix: "pam.offline_group.", category: iam},
	{prefix: "pam.group.bulk_", category: iam, only: group},
	{prefix: "pam.permission.", category: iam},
	{prefix: "pam.resource_group.", category: iam, more: admin},
	{prefix: "system.identity_sources.bulk_group_membership_", category: iam, only: group},
	{prefix: "system.iwa_agentless.user.", category: iam, more: info},
	{prefix: "user.", category: iam, open: true},
	{prefix: "user.account.preference_", category: iam, only: user},
	{prefix: "user.account.privilege.", category: iam},
	{prefix: "user.account.privilege.grant", category: iam, more: info},
	{prefix: "user.account.report_", category: iam, more: info},
	{prefix: "user.account.unlock_token", category: iam},
	{prefix: "user.account.use_token", category: iam},
	{prefix: "user.behavior.", category: iam, more: admin},
	{prefix: "user.identity_snapshot.", category: iam, more: admin},
	{prefix: "workflows.user.", category: iam, open: true},
	{prefix: "workflows.user.connection.", category: iam, open: true, more: info},
	{prefix: "workflows.user.delegatedflow.", category: iam, more: info},
	{prefix: "workflows.user.flow.move", category: iam, more: info},
	{prefix: "workflows.user.folder.", category: iam, more: info},
	{prefix: "workflows.user.folder.duplicate", category: iam},
	{prefix: "workflows.user.role.", category: iam, more: info},
	{prefix: "workflows.user.table.", category: iam, more: info},

	// Signing in, whatever the rest of the name says.
	{prefix: "app.generic.unauth_app_access_attempt", category: authentication},
	{prefix: "app.inbound_del_auth.", category: authentication, more: info},
	{prefix: "app.oauth2.", category: authentication},
	{prefix: "device.custom_push.", category: authentication},
	{prefix: "device.desktop_mfa.", category: authentication},
	{prefix: "device.password_sync.", category: authentication},
	{prefix: "device.platform_sso.", category: authentication},
	{prefix: "device.token.", category: authentication},
	{prefix: "integration.api_service.lifecycle.authorize", category: authentication},
	{prefix: "pam.preauthorization.", category: authentication},
	{prefix: "policy.auth_reevaluate.", category: authentication},
	{prefix: "policy.evaluate_sign_on", category: authentication},
	{prefix: "security.authenticator.", category: authentication, more: info},
	{prefix: "system.ldapi.bind", category: authentication},
	{prefix: "system.ldapi.unbind", category: authentication},
	{prefix: "user.account.expire_password", category: authentication, more: info},
	{prefix: "user.authentication.", category: authentication},
	{prefix: "user.credential.", category: authentication},
	{prefix: "user.identity_verification", category: authentication},
	{prefix: "user.mfa.", category: authentication, more: info},
	{prefix: "user.mfa.factor.suspend", category: authentication, only: info},
	{prefix: "user.mfa.factor.unsuspend", category: authentication, only: info},

	{prefix: "security.session.", category: session},
	{prefix: "system.import.session.", category: session},
	{prefix: "user.session.", category: session},

	// Threats; what is set about them is configuration.
	{prefix: "security.", category: threat, open: true},
	{prefix: "security.attack.", category: threat, only: indicator},
	{prefix: "security.attack_protection.", category: configuration},
	{prefix: "security.behavior.", category: configuration, more: info},
	{prefix: "security.threat.", category: threat, only: indicator},
	{prefix: "security.threat.configuration.", category: configuration, more: info},
	{prefix: "security.zone.", category: configuration},

	{prefix: "device.", category: host, open: true},
	{prefix: "device.assurance.", category: configuration},
	{prefix: "device.integration.", category: configuration},

	{prefix: "app.radius.agent.", category: network, only: protocol},
	{prefix: "app.radius.agent.listener.failed", category: network, only: denied | protocol},
	{prefix: "app.radius.agent.port_", category: network, only: access | protocol},
	{prefix: "pam.active_directory.connection.", category: network, only: connection},
	{prefix: "pam.ad_connection.", category: network, only: connection},

	// Settings, although the names speak of users, groups or passwords.
	{prefix: "account.org.status.", category: configuration, more: info},
	{prefix: "analytics.reports.export.generate", category: configuration, more: info},
	{prefix: "app.ad.password_migration_campaign.", category: configuration, only: info},
	{prefix: "app.ad.password_migration_campaign.cancel.end", category: configuration, only: deletion},
	{prefix: "app.ad.password_migration_campaign.create", category: configuration, only: creation},
	{prefix: "app.realtimesync.import.details.update_user", category: configuration, more: info},
	{prefix: "app.user_management", category: configuration},
	{prefix: "application.policy.sign_on.deny_access", category: configuration, only: access | info},
	{prefix: "application.provision.group_push.mapping.and.groups.", category: configuration},
	{prefix: "master_application.", category: configuration, only: info},
	{prefix: "pam.offline_disabled_event", category: configuration, only: info},
	{prefix: "pam.offline_enabled_event", category: configuration, only: info},
	{prefix: "policy.continuous_access.", category: configuration, only: access},
	{prefix: "support.org.", category: configuration, more: info},
	{prefix: "system.agent.register", category: configuration, more: info},
	{prefix: "system.brand.", category: configuration, more: info},
	{prefix: "system.custom_email_server.lifecycle.activate", category: configuration, only: change},
	{prefix: "system.custom_email_server.lifecycle.deactivate", category: configuration, only: change},
	{prefix: "system.custom_url_domain.", category: configuration, more: info},
	{prefix: "system.directory.debugger.", category: configuration, more: info},
	{prefix: "system.email_domain.", category: configuration, more: info},
	{prefix: "system.hook.key.", category: configuration, more: info},
	{prefix: "system.identity_sources.bulk_", category: configuration, only: info},
	{prefix: "system.agent.ad.config_change_detected", category: configuration, only: info},
	{prefix: "system.agent.ldap.config_change_detected", category: configuration, only: info},
	{prefix: "system.import.clear.", category: configuration},
	{prefix: "system.log_stream.", category: configuration, more: info},
}
