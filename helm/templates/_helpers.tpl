{{/* Names and labels. */}}

{{- define "tiktok-sync.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 52 characters, so that every suffix fits into the 63 of a label. */}}
{{- define "tiktok-sync.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What selectors use. Immutable, so nothing is ever added. Quoted, as a name may look like a number. */}}
{{- define "tiktok-sync.selectorLabels" -}}
app.kubernetes.io/name: {{ include "tiktok-sync.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/* YAML of a list of maps in one, without a key twice: later ones win. */}}
{{- define "tiktok-sync.joined" -}}
{{- $all := dict -}}
{{- range . }}{{ $all = merge (deepCopy (. | default dict)) $all }}{{ end -}}
{{- toYaml $all -}}
{{- end -}}

{{/* Labels that say nothing of the object itself. */}}
{{- define "tiktok-sync.chartLabels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: tiktok-conversion-sync
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "tiktok-sync.labels" -}}
{{- include "tiktok-sync.labelsAnd" (list . dict) -}}
{{- end -}}

{{/* With an object's own labels of the values; call with (list $ .labels). */}}
{{- define "tiktok-sync.labelsAnd" -}}
{{- $root := index . 0 -}}
{{- $standard := include "tiktok-sync.chartLabels" $root | fromYaml -}}
{{- $object := dict "app.kubernetes.io/component" "consumer" -}}
{{- include "tiktok-sync.joined" (list (include "tiktok-sync.selectorLabels" $root | fromYaml) $object $standard $root.Values.commonLabels (index . 1)) -}}
{{- end -}}

{{/* Of the pods: without the chart's version, which changes nothing in them and would only replace them. */}}
{{- define "tiktok-sync.podLabels" -}}
{{- omit (include "tiktok-sync.labelsAnd" (list . .Values.podLabels) | fromYaml) "helm.sh/chart" "app.kubernetes.io/managed-by" | toYaml -}}
{{- end -}}

{{/*
Pods that are not the service's (topics Job, test) have a name of their own, or Service, monitors and disruption budget
would count them in. Call with (list $ "test").
*/}}
{{- define "tiktok-sync.helperSelectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ printf "%s-%s" (include "tiktok-sync.name" $root | trunc 55) (index . 1) }}
app.kubernetes.io/instance: {{ $root.Release.Name | quote }}
{{- end -}}

{{- define "tiktok-sync.helperLabels" -}}
{{- $root := index . 0 -}}
{{- $object := dict "app.kubernetes.io/component" (index . 1) -}}
{{- $standard := include "tiktok-sync.chartLabels" $root | fromYaml -}}
{{- include "tiktok-sync.joined" (list (include "tiktok-sync.helperSelectorLabels" . | fromYaml) $object $standard $root.Values.commonLabels) -}}
{{- end -}}

{{- define "tiktok-sync.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "tiktok-sync.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "tiktok-sync.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{/* Where the options are read from: the chart's ConfigMap or the given one. */}}
{{- define "tiktok-sync.configMapName" -}}
{{- .Values.existingConfigMap | default (include "tiktok-sync.fullname" .) -}}
{{- end -}}

{{/* The secret with the access tokens; empty where there is none. */}}
{{- define "tiktok-sync.tokenSecretName" -}}
{{- if .Values.tiktok.createSecret -}}
{{- printf "%s-tokens" (include "tiktok-sync.fullname" .) -}}
{{- else -}}
{{- .Values.tiktok.existingSecret | default "" -}}
{{- end -}}
{{- end -}}
