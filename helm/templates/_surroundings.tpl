{{/*
How a container reaches Kafka, the registry, Redis and TikTok: environment, mounts and volumes. What the chart sets
itself goes into the environment, which beats the configuration file, so that it also holds with existingConfigMap.
Secrets are files; the service reads them by its …_FILE variables.
*/}}

{{/* Variables that values may not set by extraEnv, separated by commas. */}}
{{- define "tiktok-sync.ownEnvironment" -}}
TIKTOK_SYNC_CONFIG,TIKTOK_SYNC_HTTP_PORT,TIKTOK_SYNC_TOKENS_DIR,TIKTOK_SYNC_TOKENS_KEY_FILE,TIKTOK_SYNC_TIKTOK_PROXY_URL_FILE,TIKTOK_SYNC_SHUTDOWN_DEADLINE_MS,NODE_OPTIONS
{{- range list "kafka" "schemaRegistry" "redis" -}}
{{- range include "tiktok-sync.systemEnvironment" (list $ .) | fromYamlArray }},{{ .name }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* Variables about one system; call with (list $ "kafka"). */}}
{{- define "tiktok-sync.systemEnvironment" -}}
{{- $root := index . 0 -}}
{{- $system := index . 1 -}}
{{- $values := get $root.Values $system -}}
{{- $folder := printf "/etc/tiktok-sync/%s" (include "tiktok-sync.systemName" $system) -}}
{{- $prefix := include "tiktok-sync.systemName" $system | upper | printf "TIKTOK_SYNC_%s" -}}
{{- if eq $system "kafka" }}
{{- include "tiktok-sync.kafkaEnvironment" (list $values $folder) }}
{{- else if $values.auth.existingSecret }}
{{- if $values.auth.urlKey }}
- name: {{ $prefix }}_URL_FILE
  value: {{ $folder }}/auth/url
{{- else }}
{{- include "tiktok-sync.username" (list $values.auth $prefix) }}
- name: {{ $prefix }}_PASSWORD_FILE
  value: {{ $folder }}/auth/password
{{- end }}
{{- end }}
{{- if or $values.tls.ca.existingSecret $values.tls.ca.existingConfigMap }}
- name: {{ $prefix }}_TLS_CA_FILE
  value: {{ $folder }}/ca/ca.crt
{{- end }}
{{- if $values.tls.client.existingSecret }}
- name: {{ $prefix }}_TLS_CERT_FILE
  value: {{ $folder }}/client/tls.crt
- name: {{ $prefix }}_TLS_KEY_FILE
  value: {{ $folder }}/client/tls.key
{{- end }}
{{- end -}}

{{/* The service's own name for what the values call kafka, schemaRegistry, redis. */}}
{{- define "tiktok-sync.systemName" -}}
{{- eq . "schemaRegistry" | ternary "registry" . -}}
{{- end -}}

{{- define "tiktok-sync.username" -}}
{{- $auth := index . 0 -}}
{{- if $auth.usernameKey }}
- name: {{ index . 1 }}_USERNAME
  valueFrom:
    secretKeyRef:
      name: {{ $auth.existingSecret | quote }}
      key: {{ $auth.usernameKey | quote }}
{{- else if $auth.username }}
- name: {{ index . 1 }}_USERNAME
  value: {{ $auth.username | quote }}
{{- end }}
{{- end -}}

{{- define "tiktok-sync.kafkaEnvironment" -}}
{{- $values := index . 0 -}}
{{- $auth := $values.auth -}}
{{- $folder := index . 1 }}
- name: TIKTOK_SYNC_KAFKA_TLS_ENABLED
  value: {{ or $values.tls.enabled (eq $auth.mode "tls") | quote }}
- name: TIKTOK_SYNC_KAFKA_SASL_MECHANISM
  value: {{ has $auth.mode (list "none" "tls") | ternary "none" $auth.mode }}
{{- if has $auth.mode (list "plain" "scram-sha-256" "scram-sha-512") }}
{{- include "tiktok-sync.username" (list $auth "TIKTOK_SYNC_KAFKA_SASL") }}
- name: TIKTOK_SYNC_KAFKA_SASL_PASSWORD_FILE
  value: {{ $folder }}/auth/password
{{- else if eq $auth.mode "oauthbearer" }}
{{- if $auth.oauth.tokenFile }}
- name: TIKTOK_SYNC_KAFKA_SASL_OAUTH_TOKEN_FILE
  value: {{ $auth.oauth.tokenFile | quote }}
{{- else }}
- name: TIKTOK_SYNC_KAFKA_SASL_OAUTH_TOKEN_ENDPOINT
  value: {{ $auth.oauth.tokenEndpoint | quote }}
- name: TIKTOK_SYNC_KAFKA_SASL_OAUTH_CLIENT_ID
  value: {{ $auth.oauth.clientId | quote }}
- name: TIKTOK_SYNC_KAFKA_SASL_OAUTH_CLIENT_SECRET_FILE
  value: {{ $folder }}/auth/client-secret
{{- with $auth.oauth.scope }}
- name: TIKTOK_SYNC_KAFKA_SASL_OAUTH_SCOPE
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The key of the authentication secret that is mounted, and the file it becomes: a dict, empty where none is. */}}
{{- define "tiktok-sync.authFile" -}}
{{- $auth := index . 0 -}}
{{- $system := index . 1 -}}
{{- $file := dict -}}
{{- if not $auth.existingSecret -}}
{{- else if and (eq $system "kafka") (has $auth.mode (list "none" "tls")) -}}
{{- else if and (eq $system "kafka") (eq $auth.mode "oauthbearer") -}}
{{- if not $auth.oauth.tokenFile }}{{ $file = dict "key" $auth.oauth.clientSecretKey "path" "client-secret" }}{{ end -}}
{{- else if $auth.urlKey -}}
{{- $file = dict "key" $auth.urlKey "path" "url" -}}
{{- else -}}
{{- $file = dict "key" $auth.passwordKey "path" "password" -}}
{{- end -}}
{{- toJson $file -}}
{{- end -}}

{{/* Volumes of one system; call with (list $ "kafka"). Each is mounted at /etc/tiktok-sync/SYSTEM/PART. */}}
{{- define "tiktok-sync.systemVolumes" -}}
{{- $values := get (index . 0).Values (index . 1) -}}
{{- $name := include "tiktok-sync.systemName" (index . 1) -}}
{{- with include "tiktok-sync.authFile" (list $values.auth (index . 1)) | fromJson }}
- name: {{ $name }}-auth
  secret:
    secretName: {{ $values.auth.existingSecret | quote }}
    defaultMode: 0440
    items:
      - key: {{ .key | quote }}
        path: {{ .path }}
{{- end }}
{{- with $values.tls.ca }}
{{- if .existingSecret }}
- name: {{ $name }}-ca
  secret:
    secretName: {{ .existingSecret | quote }}
    defaultMode: 0440
    items:
      - key: {{ .key | quote }}
        path: ca.crt
{{- else if .existingConfigMap }}
- name: {{ $name }}-ca
  configMap:
    name: {{ .existingConfigMap | quote }}
    items:
      - key: {{ .key | quote }}
        path: ca.crt
{{- end }}
{{- end }}
{{- with $values.tls.client }}
{{- if .existingSecret }}
- name: {{ $name }}-client
  secret:
    secretName: {{ .existingSecret | quote }}
    defaultMode: 0440
    items:
      - key: {{ .certKey | quote }}
        path: tls.crt
      - key: {{ .keyKey | quote }}
        path: tls.key
{{- end }}
{{- end }}
{{- end -}}

{{- define "tiktok-sync.systemMounts" -}}
{{- range include "tiktok-sync.systemVolumes" . | fromYamlArray }}
- name: {{ .name }}
  mountPath: /etc/tiktok-sync/{{ .name | replace "-" "/" }}
  readOnly: true
{{- end }}
{{- end -}}
