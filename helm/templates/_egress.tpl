{{/* Rules of the network policy: where to, and on which ports. */}}

{{/* One egress rule; call with (list values "9092,9093"), where values.ports beat the ports found. */}}
{{- define "tiktok-sync.egress" -}}
{{- $values := index . 0 -}}
{{- $ports := list -}}
{{- range $values.ports }}{{ $ports = append $ports (int .) }}{{ end -}}
{{- if not $ports -}}
{{- range splitList "," (index . 1) }}{{ if . }}{{ $ports = append $ports (int .) }}{{ end }}{{ end -}}
{{- end -}}
{{- if $values.to -}}
- to:
    {{- toYaml $values.to | nindent 4 }}
  ports:
{{- else -}}
- ports:
{{- end }}
{{- range $ports | uniq }}
    - port: {{ . }}
      protocol: TCP
{{- end }}
{{- end -}}

{{- define "tiktok-sync.egressDns" -}}
- to:
    {{- toYaml .Values.networkPolicy.dns.to | nindent 4 }}
  ports:
    {{- range .Values.networkPolicy.dns.ports }}
    - port: {{ . }}
      protocol: UDP
    - port: {{ . }}
      protocol: TCP
    {{- end }}
{{- end -}}

{{/* The brokers, and the token endpoint that OAUTHBEARER asks. */}}
{{- define "tiktok-sync.egressKafka" -}}
{{- include "tiktok-sync.egress" (list .Values.networkPolicy.kafka (include "tiktok-sync.ports.kafka" .)) -}}
{{- with .Values.kafka.auth.oauth.tokenEndpoint }}
{{ include "tiktok-sync.egress" (list dict (include "tiktok-sync.urlPort" .)) }}
{{- end -}}
{{- end -}}

{{- define "tiktok-sync.ports.kafka" -}}
{{- $ports := list -}}
{{- range include "tiktok-sync.brokers" . | fromJsonArray }}{{ $ports = append $ports (regexFind "[0-9]+$" .) }}{{ end -}}
{{- uniq $ports | join "," -}}
{{- end -}}

{{- define "tiktok-sync.ports.registry" -}}
{{- with (include "tiktok-sync.option" (list .Values.config "registry.url") | fromJson).value }}{{ include "tiktok-sync.urlPort" . }}{{ end -}}
{{- end -}}

{{- define "tiktok-sync.ports.redis" -}}
{{- $url := (include "tiktok-sync.option" (list .Values.config "redis.url") | fromJson).value | default "redis://unknown" -}}
{{- $ports := list (include "tiktok-sync.urlPort" $url) -}}
{{- $nodes := (include "tiktok-sync.option" (list .Values.config "redis.nodes") | fromJson).value | default list -}}
{{- if kindIs "string" $nodes }}{{ $nodes = splitList "," $nodes }}{{ end -}}
{{- range $nodes }}{{ $ports = append $ports (regexFind "[0-9]+$" .) }}{{ end -}}
{{- uniq $ports | join "," -}}
{{- end -}}

{{/* TikTok, or the proxy that leads to it. */}}
{{- define "tiktok-sync.egressTikTok" -}}
{{- $proxyUrl := (include "tiktok-sync.option" (list .Values.config "tiktok.proxyUrl") | fromJson).value -}}
{{- $baseUrl := (include "tiktok-sync.option" (list .Values.config "tiktok.baseUrl") | fromJson).value | default "https://business-api.tiktok.com" -}}
{{- if $proxyUrl -}}
{{- include "tiktok-sync.egress" (list .Values.networkPolicy.proxy (include "tiktok-sync.urlPort" $proxyUrl)) -}}
{{- else if .Values.tiktok.proxy.existingSecret -}}
{{- include "tiktok-sync.egress" (list .Values.networkPolicy.proxy "3128") -}}
{{- else -}}
{{- include "tiktok-sync.egress" (list .Values.networkPolicy.tiktok (include "tiktok-sync.urlPort" $baseUrl)) -}}
{{- end -}}
{{- end -}}

{{/* The port of a URL, or that of its scheme. */}}
{{- define "tiktok-sync.urlPort" -}}
{{- $url := urlParse . -}}
{{- $schemes := dict "http" "80" "https" "443" "redis" "6379" "rediss" "6379" -}}
{{- regexFind ":[0-9]+$" $url.host | trimPrefix ":" | default (get $schemes $url.scheme) -}}
{{- end -}}
