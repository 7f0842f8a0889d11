{{/*
PromQL: how many seconds the oldest record is late beyond the window, while a backlog waits unread. What one connection
in trouble holds is no reason for more pods, and neither is an outage of TikTok: then the answer is the threshold
itself, which keeps the number of pods. Nothing pending is 0.
*/}}
{{- define "tiktok-sync.freshnessQuery" -}}
{{- $selector := include "tiktok-sync.seriesSelector" . -}}
{{- $window := include "tiktok-sync.windowSeconds" . -}}
{{- with .Values.keda.freshness -}}
clamp_min(max(time() - tiktok_sync_oldest_unsettled_record_timestamp_seconds{ {{- $selector -}} }) - {{ $window }}, 0)
and on () sum(tiktok_sync_consumer_position_lag_records{ {{- $selector -}} }) > {{ .minBacklogRecords }}
unless on () max(tiktok_sync_vendor_outage{ {{- $selector -}} }) == 1
or on () max(tiktok_sync_vendor_outage{ {{- $selector -}} }) * {{ .thresholdSeconds }} > 0
or on () vector(0)
{{- end -}}
{{- end -}}

{{- define "tiktok-sync.windowSeconds" -}}
{{- $given := (include "tiktok-sync.option" (list .Values.config "window.sizeMs") | fromJson).value | default 120000 -}}
{{- divf (include "tiktok-sync.milliseconds" $given | float64) 1000.0 -}}
{{- end -}}

{{- define "tiktok-sync.seriesSelector" -}}
{{- if .Values.keda.freshness.selector -}}
{{- tpl .Values.keda.freshness.selector . -}}
{{- else -}}
namespace="{{ .Release.Namespace }}",pod=~"{{ include "tiktok-sync.fullname" . }}-[a-z0-9]+-[a-z0-9]+"
{{- end -}}
{{- end -}}
