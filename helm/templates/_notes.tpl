{{/* What is said after an install or upgrade: how to see that all is well, what is missing, what is risky. */}}
{{- define "tiktok-sync.notes" -}}
{{- $fullname := include "tiktok-sync.fullname" . -}}
{{ .Chart.Name }} {{ .Chart.AppVersion }} is installed as {{ $fullname }} in the namespace {{ .Release.Namespace }}.

It is well once every pod is ready, that is once it has joined the consumer group:

  kubectl -n {{ .Release.Namespace }} rollout status deployment/{{ $fullname }} --timeout=5m
{{- if .Values.tests.enabled }}
  helm -n {{ .Release.Namespace }} test {{ .Release.Name }}
{{- end }}

What is wrong where it is not: a pod that ends names it in its last line, and while one runs, the doctor says what to do about it:

  kubectl -n {{ .Release.Namespace }} logs deployment/{{ $fullname }} --tail=5
  kubectl -n {{ .Release.Namespace }} exec deployment/{{ $fullname }} -- node src/main.ts doctor

Connect a pixel next: https://github.com/sourceloop/tiktok-conversion-sync#connect-a-pixel
{{- with include "tiktok-sync.missing" . | fromJsonArray }}

Not there yet:
{{- range . }}
* {{ . }}
{{- end }}
{{- end }}
{{- with include "tiktok-sync.risks" . | fromJsonArray }}

Risky:
{{- range . }}
* {{ . }}
{{- end }}
{{- end }}
{{- with .Values.metrics }}
{{- if .prometheusRule.enabled }}

Alerts link to {{ trimSuffix "/" .prometheusRule.runbookBaseUrl }}/docs/runbooks.md{{ with .prometheusRule.grafanaBaseUrl }} and to the dashboard at {{ trimSuffix "/" . }}/d/tiktok-sync-overview{{ end }}.
{{- end }}
{{- end }}
{{- end -}}

{{- define "tiktok-sync.missing" -}}
{{- $missing := list -}}
{{- with .Values.tiktok -}}
{{- if not (or .existingSecret .createSecret .envelopeKeys.existingSecret $.Values.extraEnv $.Values.extraEnvFrom) }}{{ $missing = append $missing "TikTok's access tokens: name a secret in tiktok.existingSecret (one key a connection, used as file:KEY), or the envelopes' keys in tiktok.envelopeKeys.existingSecret. Without a token every event becomes a dead letter." }}{{ end -}}
{{- end -}}
{{- if eq .Values.topics.create "none" }}{{ $missing = append $missing (printf "Topics, unless somebody else makes them: kubectl -n %s exec deployment/%s -- node src/main.ts topics check, or set topics.create." .Release.Namespace (include "tiktok-sync.fullname" .)) }}{{ end -}}
{{- with .Values.metrics -}}
{{- if not (or .podMonitor.enabled .serviceMonitor.enabled) }}{{ $missing = append $missing "Metrics: nobody scrapes the pods, unless your Prometheus finds them by itself. Set metrics.podMonitor.enabled." }}{{ end -}}
{{- if not .prometheusRule.enabled }}{{ $missing = append $missing "Alerts: set metrics.prometheusRule.enabled." }}{{ end -}}
{{- if not (or .dashboards.enabled .dashboards.grafanaOperator.enabled) }}{{ $missing = append $missing "Dashboards: set metrics.dashboards.enabled." }}{{ end -}}
{{- end -}}
{{- if not .Values.networkPolicy.enabled }}{{ $missing = append $missing "A network policy: metrics and status have no authentication. Set networkPolicy.enabled." }}{{ end -}}
{{- toJson $missing -}}
{{- end -}}

{{- define "tiktok-sync.risks" -}}
{{- $risks := list -}}
{{- if .Values.tiktok.createSecret }}{{ $risks = append $risks "tiktok.createSecret: the access tokens stand in clear in the values and in the release. For demos only; use tiktok.existingSecret." }}{{ end -}}
{{- with .Values.kafka -}}
{{- if and (ne .auth.mode "none") (ne .auth.mode "tls") (not .tls.enabled) }}{{ $risks = append $risks (printf "kafka.auth.mode %s without kafka.tls.enabled: %s." .auth.mode (eq .auth.mode "plain" | ternary "the password travels in clear" "nobody knows whether the broker is the broker")) }}{{ end -}}
{{- end -}}
{{- range $option, $risk := dict
  "kafka.tls.rejectUnauthorized" "anybody on the network can be the broker"
  "registry.tls.rejectUnauthorized" "anybody on the network can be the registry"
  "redis.tls.rejectUnauthorized" "anybody on the network can be Redis" -}}
{{- $given := include "tiktok-sync.option" (list $.Values.config $option) | fromJson -}}
{{- if and (hasKey $given "value") (eq (toString $given.value) "false") }}{{ $risks = append $risks (printf "config.%s is false: %s." $option $risk) }}{{ end -}}
{{- end -}}
{{- if eq (toString (include "tiktok-sync.option" (list .Values.config "dedup.onUnavailable") | fromJson).value) "pass_through" }}{{ $risks = append $risks "config.dedup.onUnavailable is pass_through: while Redis is away, duplicates are dropped by TikTok alone, and for 48 h only." }}{{ end -}}
{{- if hasPrefix "http:" (toString (include "tiktok-sync.option" (list .Values.config "tiktok.baseUrl") | fromJson).value) }}{{ $risks = append $risks "config.tiktok.baseUrl is http: access tokens travel in clear. For simulators only." }}{{ end -}}
{{- if .Values.existingConfigMap }}{{ $risks = append $risks (printf "existingConfigMap: the chart cannot compare terminationGracePeriodSeconds (%d) with shutdown.deadlineMs in there, which must be 10 s less, and a change does not roll the pods." (int .Values.terminationGracePeriodSeconds)) }}{{ end -}}
{{- if and .Values.existingConfigMap .Values.keda.enabled (eq .Values.keda.trigger "freshness") (not .Values.keda.freshness.query) }}{{ $risks = append $risks (printf "keda.trigger freshness with existingConfigMap: the chart's query takes window.sizeMs for its default (%s s); where it is another there, write keda.freshness.query." (include "tiktok-sync.windowSeconds" .)) }}{{ end -}}
{{- $scaled := or .Values.autoscaling.enabled .Values.keda.enabled -}}
{{- if and (not $scaled) (eq (int .Values.replicaCount) 1) }}{{ $risks = append $risks "replicaCount is 1: while its node is drained or the pod replaced, nothing is sent." }}{{ end -}}
{{- if and (not $scaled) (eq (int .Values.replicaCount) 0) }}{{ $risks = append $risks "replicaCount is 0: nothing is sent, and events wait in Kafka no longer than its retention." }}{{ end -}}
{{- $most := int .Values.replicaCount -}}
{{- if .Values.keda.enabled }}{{ $most = int .Values.keda.maxReplicaCount }}{{ else if .Values.autoscaling.enabled }}{{ $most = int .Values.autoscaling.maxReplicas }}{{ end -}}
{{- if and (ne .Values.topics.create "none") (gt $most (int .Values.topics.partitions)) }}{{ $risks = append $risks (printf "%d pods for %d partitions (topics.partitions): the others stay idle." $most (int .Values.topics.partitions)) }}{{ end -}}
{{- if and .Values.metrics.prometheusRule.enabled (gt (include "tiktok-sync.windowSeconds" . | float64) 300.0) }}{{ $risks = append $risks "config.window.sizeMs is above 5 minutes: raise `for` and `expr` of TikTokSyncFlushStalled and TikTokSyncOldestEventTooOld in metrics.prometheusRule.overrides." }}{{ end -}}
{{- if not ((.Values.resources | default dict).limits | default dict).memory }}{{ $risks = append $risks "resources.limits.memory is not set: Node.js takes its bound from the node, and the kernel may end other pods for it." }}{{ end -}}
{{- if and .Values.networkPolicy.enabled (not .Values.networkPolicy.metricsFrom) (not .Values.tests.enabled) }}{{ $risks = append $risks "networkPolicy.metricsFrom is empty: everybody may read metrics and status." }}{{ end -}}
{{- toJson $risks -}}
{{- end -}}
