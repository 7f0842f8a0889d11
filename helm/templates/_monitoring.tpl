{{/* What PodMonitor and ServiceMonitor have in common, and the rules as they are shipped. */}}

{{- define "tiktok-sync.monitorSelection" -}}
selector:
  matchLabels:
    {{- include "tiktok-sync.selectorLabels" (index . 0) | nindent 4 }}
namespaceSelector:
  matchNames: [{{ (index . 0).Release.Namespace | quote }}]
{{- with (index . 1).sampleLimit }}
sampleLimit: {{ . | int64 }}
{{- end }}
{{- end -}}

{{- define "tiktok-sync.monitorEndpoint" -}}
port: http
path: /metrics
{{- with .interval }}
interval: {{ . }}
{{- end }}
{{- with .scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
{{- with .relabelings }}
relabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Every group of files/rules as JSON, with what the values say about its alerts; groups without a rule are left out. */}}
{{- define "tiktok-sync.ruleGroups" -}}
{{- $values := .Values.metrics.prometheusRule -}}
{{- $groups := list -}}
{{- range $path, $_ := .Files.Glob "files/rules/*.yaml" -}}
{{- $optional := eq (base $path) "optional.yaml" -}}
{{- range ($.Files.Get $path | fromYaml).groups -}}
{{- $rules := list -}}
{{- range .rules -}}
{{- $wanted := or (not .alert) (and (not (has .alert $values.disabled)) (or (not $optional) (has .alert $values.optIn))) -}}
{{- if $wanted }}{{ $rules = append $rules (include "tiktok-sync.rule" (list $values .) | fromJson) }}{{ end -}}
{{- end -}}
{{- if $rules }}{{ $groups = append $groups (merge (dict "rules" $rules) .) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- toJson $groups -}}
{{- end -}}

{{/* One rule with the links made whole, the labels for every alert, and its overrides, which win. */}}
{{- define "tiktok-sync.rule" -}}
{{- $values := index . 0 -}}
{{- $rule := deepCopy (index . 1) -}}
{{- if $rule.alert -}}
{{- $overrides := get $values.overrides $rule.alert | default dict -}}
{{- $links := dict "runbook_url" (printf "%s/%s" (trimSuffix "/" $values.runbookBaseUrl) $rule.annotations.runbook_url) -}}
{{- if $values.grafanaBaseUrl -}}
{{- $_ := set $links "dashboard_url" (printf "%s%s" (trimSuffix "/" $values.grafanaBaseUrl) $rule.annotations.dashboard_url) -}}
{{- end -}}
{{- $annotations := merge (dict) (($overrides.annotations) | default dict) $links (omit $rule.annotations "runbook_url" "dashboard_url") -}}
{{- $labels := merge (dict) (($overrides.labels) | default dict) $values.ruleLabels ($rule.labels | default dict) -}}
{{- $rule = merge (dict "labels" $labels "annotations" $annotations) (omit $overrides "labels" "annotations") (omit $rule "labels" "annotations") -}}
{{- end -}}
{{- toJson $rule -}}
{{- end -}}

{{/* Names of the alerts that are there, as JSON; call with (list $ "optional") for those of optional.yaml only. */}}
{{- define "tiktok-sync.alertNames" -}}
{{- $names := list -}}
{{- $only := index . 1 -}}
{{- $root := index . 0 -}}
{{- range $path, $_ := $root.Files.Glob "files/rules/*.yaml" -}}
{{- if or (eq $only "") (eq (base $path) (printf "%s.yaml" $only)) -}}
{{- range ($root.Files.Get $path | fromYaml).groups -}}
{{- range .rules }}{{ if .alert }}{{ $names = append $names .alert }}{{ end }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $names -}}
{{- end -}}
