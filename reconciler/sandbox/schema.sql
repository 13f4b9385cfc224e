CREATE TABLE workspace (
  id INTEGER PRIMARY KEY, sid TEXT NOT NULL UNIQUE, name TEXT NOT NULL, region TEXT NOT NULL,
  sso_enforced INTEGER NOT NULL, can_use_product INTEGER NOT NULL, max_spaces INTEGER,
  no_batch_tools INTEGER NOT NULL, older_members_body INTEGER NOT NULL,
  unbound_finalize INTEGER NOT NULL
);
CREATE TABLE user (
  id INTEGER PRIMARY KEY, sid TEXT NOT NULL UNIQUE, email TEXT NOT NULL UNIQUE,
  full_name TEXT NOT NULL, created_at INTEGER NOT NULL
);
CREATE TABLE membership (
  workspace_id INTEGER NOT NULL REFERENCES workspace, user_id INTEGER NOT NULL REFERENCES user,
  role TEXT NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY (workspace_id, user_id)
);
CREATE TABLE token (
  value TEXT PRIMARY KEY, user_id INTEGER REFERENCES user, expired INTEGER NOT NULL
);
CREATE TABLE web_session (
  digest TEXT PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES user, expires_at INTEGER NOT NULL
);
CREATE TABLE api_key (
  value TEXT PRIMARY KEY, workspace_id INTEGER NOT NULL REFERENCES workspace,
  name TEXT NOT NULL, role TEXT NOT NULL
);
CREATE TABLE people_group (
  id INTEGER PRIMARY KEY, sid TEXT NOT NULL UNIQUE,
  workspace_id INTEGER NOT NULL REFERENCES workspace, name TEXT NOT NULL, kind TEXT NOT NULL
);
CREATE TABLE group_member (
  group_id INTEGER NOT NULL REFERENCES people_group ON DELETE CASCADE,
  user_id INTEGER NOT NULL REFERENCES user, PRIMARY KEY (group_id, user_id)
);
CREATE TABLE space (
  id INTEGER PRIMARY KEY, sid TEXT NOT NULL UNIQUE,
  workspace_id INTEGER NOT NULL REFERENCES workspace, name TEXT NOT NULL, kind TEXT NOT NULL,
  is_restricted INTEGER NOT NULL, own_group_id INTEGER REFERENCES people_group,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
);
CREATE INDEX space_workspace ON space (workspace_id);
CREATE TABLE space_member (
  space_id INTEGER NOT NULL REFERENCES space ON DELETE CASCADE,
  user_id INTEGER NOT NULL REFERENCES user, is_editor INTEGER NOT NULL,
  joined_at INTEGER NOT NULL, PRIMARY KEY (space_id, user_id)
);
CREATE TABLE space_group (
  space_id INTEGER NOT NULL REFERENCES space ON DELETE CASCADE,
  group_id INTEGER NOT NULL REFERENCES people_group, is_editor INTEGER NOT NULL,
  PRIMARY KEY (space_id, group_id)
);
CREATE TABLE server (
  id INTEGER PRIMARY KEY, sid TEXT NOT NULL UNIQUE,
  workspace_id INTEGER NOT NULL REFERENCES workspace, kind TEXT NOT NULL,
  registry_name TEXT, url TEXT, name TEXT NOT NULL, description TEXT, version TEXT NOT NULL,
  icon TEXT NOT NULL, tools TEXT NOT NULL, provider TEXT, scope TEXT, shared_secret TEXT,
  custom_headers TEXT, meta TEXT, availability TEXT NOT NULL,
  allow_multiple INTEGER NOT NULL, documentation_url TEXT, last_sync_at INTEGER,
  last_error TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
);
CREATE INDEX server_workspace ON server (workspace_id);
CREATE TABLE view (
  id INTEGER PRIMARY KEY, sid TEXT NOT NULL UNIQUE,
  workspace_id INTEGER NOT NULL REFERENCES workspace,
  server_id INTEGER NOT NULL REFERENCES server ON DELETE CASCADE,
  space_id INTEGER NOT NULL REFERENCES space ON DELETE CASCADE,
  name TEXT, description TEXT, oauth_use_case TEXT, oauth_scope TEXT,
  is_restricted_to_skills INTEGER NOT NULL, editor_id INTEGER REFERENCES user,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  UNIQUE (server_id, space_id), UNIQUE (space_id, name)
);
CREATE INDEX view_workspace ON view (workspace_id);
CREATE TABLE tool_setting (
  server_id INTEGER NOT NULL REFERENCES server ON DELETE CASCADE, tool_name TEXT NOT NULL,
  permission TEXT NOT NULL, enabled INTEGER NOT NULL, PRIMARY KEY (server_id, tool_name)
);
CREATE TABLE connection (
  id INTEGER PRIMARY KEY, sid TEXT NOT NULL UNIQUE,
  workspace_id INTEGER NOT NULL REFERENCES workspace,
  server_id INTEGER NOT NULL REFERENCES server ON DELETE CASCADE,
  kind TEXT NOT NULL, auth_type TEXT NOT NULL, oauth_sid TEXT, user_id INTEGER NOT NULL
  REFERENCES user, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
);
CREATE TABLE oauth_connection (
  sid TEXT PRIMARY KEY, workspace_id INTEGER NOT NULL REFERENCES workspace,
  user_id INTEGER NOT NULL REFERENCES user, provider TEXT NOT NULL, use_case TEXT NOT NULL,
  status TEXT NOT NULL, details TEXT NOT NULL, credential TEXT, code_verifier TEXT,
  nonce_digest TEXT, code_digest TEXT, redirect_uri TEXT NOT NULL, access_token TEXT,
  refresh_token TEXT, expires_at INTEGER, granted_scope TEXT, created_at INTEGER NOT NULL
);
CREATE TABLE seal_mark (mark TEXT NOT NULL);
CREATE TABLE tool_usage (
  workspace_id INTEGER NOT NULL REFERENCES workspace, url TEXT NOT NULL, agents TEXT NOT NULL,
  skills TEXT NOT NULL, PRIMARY KEY (workspace_id, url)
);
CREATE TABLE catalogue_entry (
  id INTEGER PRIMARY KEY, url TEXT NOT NULL, document TEXT NOT NULL
);
CREATE TABLE api_call (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, workspace_sid TEXT, method TEXT NOT NULL,
  path TEXT NOT NULL, query TEXT NOT NULL, status INTEGER NOT NULL, actor TEXT,
  milliseconds REAL NOT NULL, body TEXT
);
