{{/* Parts of the service's pod, some of them shared with the topics Job and the test. */}}

{{- define "tiktok-sync.podBasics" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "tiktok-sync.podAnnotations" -}}
{{- $own := dict "kubectl.kubernetes.io/default-container" "tiktok-sync" -}}
{{- if not .Values.existingConfigMap }}{{ $_ := set $own "checksum/config" (.Values.config | toYaml | sha256sum) }}{{ end -}}
{{- include "tiktok-sync.joined" (list $own .Values.podAnnotations) -}}
{{- end -}}

{{/* The spread constraints, with the pods' own selector where one has none. */}}
{{- define "tiktok-sync.spread" -}}
{{- $constraints := list -}}
{{- range .Values.topologySpreadConstraints -}}
{{- $own := dict -}}
{{- if not (hasKey . "labelSelector") -}}
{{- $own = dict "labelSelector" (dict "matchLabels" (include "tiktok-sync.selectorLabels" $ | fromYaml)) "matchLabelKeys" (list "pod-template-hash") -}}
{{- end -}}
{{- $constraints = append $constraints (merge (deepCopy .) $own) -}}
{{- end -}}
{{- toYaml $constraints -}}
{{- end -}}

{{- define "tiktok-sync.baseEnvironment" -}}
- name: TIKTOK_SYNC_CONFIG
  value: /etc/tiktok-sync/config.yaml
{{- end -}}

{{- define "tiktok-sync.environment" -}}
{{ include "tiktok-sync.baseEnvironment" . }}
- name: TIKTOK_SYNC_HTTP_PORT
  value: "8080"
{{- if include "tiktok-sync.tokenSecretName" . }}
- name: TIKTOK_SYNC_TOKENS_DIR
  value: /etc/tiktok-sync/tokens
{{- end }}
{{- if .Values.tiktok.envelopeKeys.existingSecret }}
- name: TIKTOK_SYNC_TOKENS_KEY_FILE
  value: /etc/tiktok-sync/keys/token-keys
{{- end }}
{{- if .Values.tiktok.proxy.existingSecret }}
- name: TIKTOK_SYNC_TIKTOK_PROXY_URL_FILE
  value: /etc/tiktok-sync/proxy/url
{{- end }}
{{- range list "kafka" "schemaRegistry" "redis" }}
{{- include "tiktok-sync.systemEnvironment" (list $ .) }}
{{- end }}
{{- with include "tiktok-sync.nodeOptions" . }}
- name: NODE_OPTIONS
  value: {{ . | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ tpl (toYaml .) $ }}
{{- end }}
{{- end -}}

{{/* The old space follows the memory limit; without a limit Node.js decides. */}}
{{- define "tiktok-sync.nodeOptions" -}}
{{- $options := list -}}
{{- with ((.Values.resources | default dict).limits | default dict).memory -}}
{{- $options = append $options (printf "--max-old-space-size=%d" (div (mul (include "tiktok-sync.mebibytes" . | int) (int $.Values.maxOldSpacePercent)) 100)) -}}
{{- end -}}
{{- with .Values.nodeOptions }}{{ $options = append $options . }}{{ end -}}
{{- join " " $options -}}
{{- end -}}

{{/* The configuration, and the only place that can be written to. */}}
{{- define "tiktok-sync.baseMounts" -}}
# By subPath, as the folders of the secrets are mounted beside it.
- name: config
  mountPath: /etc/tiktok-sync/config.yaml
  subPath: config.yaml
  readOnly: true
- name: tmp
  mountPath: /tmp
{{- end -}}

{{- define "tiktok-sync.mounts" -}}
{{ include "tiktok-sync.baseMounts" . }}
{{- if include "tiktok-sync.tokenSecretName" . }}
# Never by subPath: the files have to follow their secret.
- name: tokens
  mountPath: /etc/tiktok-sync/tokens
  readOnly: true
{{- end }}
{{- if .Values.tiktok.envelopeKeys.existingSecret }}
- name: envelope-keys
  mountPath: /etc/tiktok-sync/keys
  readOnly: true
{{- end }}
{{- if .Values.tiktok.proxy.existingSecret }}
- name: proxy
  mountPath: /etc/tiktok-sync/proxy
  readOnly: true
{{- end }}
{{- range list "kafka" "schemaRegistry" "redis" }}
{{- include "tiktok-sync.systemMounts" (list $ .) }}
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ tpl (toYaml .) $ }}
{{- end }}
{{- end -}}

{{- define "tiktok-sync.volumes" -}}
- name: config
  configMap:
    name: {{ include "tiktok-sync.configMapName" . | quote }}
{{- with include "tiktok-sync.tokenSecretName" . }}
- name: tokens
  secret:
    secretName: {{ . | quote }}
    defaultMode: 0440
{{- end }}
{{- with .Values.tiktok.envelopeKeys }}
{{- if .existingSecret }}
- name: envelope-keys
  secret:
    secretName: {{ .existingSecret | quote }}
    defaultMode: 0440
    items:
      - key: {{ .key | quote }}
        path: token-keys
{{- end }}
{{- end }}
{{- with .Values.tiktok.proxy }}
{{- if .existingSecret }}
- name: proxy
  secret:
    secretName: {{ .existingSecret | quote }}
    defaultMode: 0440
    items:
      - key: {{ .urlKey | quote }}
        path: url
{{- end }}
{{- end }}
{{- range list "kafka" "schemaRegistry" "redis" }}
{{- include "tiktok-sync.systemVolumes" (list $ .) }}
{{- end }}
- name: tmp
  emptyDir:
    sizeLimit: {{ .Values.tmpSizeLimit }}
{{- with .Values.extraVolumes }}
{{ tpl (toYaml .) $ }}
{{- end }}
{{- end -}}
