{{/* The topics of the service: names from `config.topics` or the service's defaults, the rest from files/topics.yaml. */}}

{{/* All topics as JSON: role, name, partitions (0: as many as topics.partitions says), config. */}}
{{- define "tiktok-sync.topics" -}}
{{- $topics := list -}}
{{- range .Files.Get "files/topics.yaml" | fromYamlArray -}}
{{- $name := (include "tiktok-sync.option" (list $.Values.config (printf "topics.%s" .role)) | fromJson).value | default .name -}}
{{- $topics = append $topics (merge (dict "name" $name) .) -}}
{{- end -}}
{{- toJson $topics -}}
{{- end -}}

{{/* The two that are read for events. */}}
{{- define "tiktok-sync.eventTopics" -}}
{{- $topics := list -}}
{{- range include "tiktok-sync.topics" . | fromJsonArray -}}
{{- if has .role (list "conversions" "revenueUpdates") }}{{ $topics = append $topics . }}{{ end -}}
{{- end -}}
{{- toJson $topics -}}
{{- end -}}

{{/* Brokers as a list, however they are written. */}}
{{- define "tiktok-sync.brokers" -}}
{{- $brokers := (include "tiktok-sync.option" (list .Values.config "kafka.brokers") | fromJson).value | default list -}}
{{- if kindIs "string" $brokers }}{{ $brokers = regexSplit "\\s*,\\s*" (trim $brokers) -1 }}{{ end -}}
{{- compact $brokers | toJson -}}
{{- end -}}

{{/* What KEDA's kafka trigger has to know; call with (list $ "topic"). A committed lag stands still for a window: no excludePersistentLag. */}}
{{- define "tiktok-sync.lagMetadata" -}}
{{- $root := index . 0 -}}
{{- $auth := $root.Values.kafka.auth -}}
{{- $mechanisms := dict "plain" "plaintext" "scram-sha-256" "scram_sha256" "scram-sha-512" "scram_sha512" "oauthbearer" "oauthbearer" -}}
{{- $start := (include "tiktok-sync.option" (list $root.Values.config "kafka.startFrom") | fromJson).value | default "earliest" -}}
bootstrapServers: {{ include "tiktok-sync.brokers" $root | fromJsonArray | join "," | quote }}
consumerGroup: {{ (include "tiktok-sync.option" (list $root.Values.config "kafka.groupId") | fromJson).value | default "tiktok-conversion-sync" | quote }}
topic: {{ index . 1 | quote }}
lagThreshold: {{ $root.Values.keda.lag.lagThreshold | int64 | quote }}
offsetResetPolicy: {{ eq (toString $start) "latest" | ternary "latest" "earliest" }}
excludePersistentLag: "false"
{{- /* Not `none`, which KEDA refused before 2.18. */}}
{{- with get $mechanisms $auth.mode }}
sasl: {{ . }}
{{- end }}
tls: {{ or $root.Values.kafka.tls.enabled (eq $auth.mode "tls") | ternary "enable" "disable" }}
{{- end -}}
