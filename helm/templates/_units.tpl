{{/* Durations and quantities as numbers, as far as the chart has to compare them. */}}

{{/* Milliseconds of an option's duration: 60000, "60s", "1m". */}}
{{- define "tiktok-sync.milliseconds" -}}
{{- $text := toString . -}}
{{- $units := dict "ms" 1.0 "s" 1000.0 "m" 60000.0 "h" 3600000.0 "d" 86400000.0 -}}
{{- $unit := regexFind "(ms|s|m|h|d)$" $text -}}
{{- mulf (trimSuffix $unit $text | float64) (get $units ($unit | default "ms")) | floor | int64 -}}
{{- end -}}

{{/* Milliseconds of a duration as Prometheus writes it: 30s, 1m30s. */}}
{{- define "tiktok-sync.prometheusMilliseconds" -}}
{{- $sum := 0.0 -}}
{{- range regexFindAll "[0-9]+(ms|s|m|h)" . -1 }}{{ $sum = addf $sum (include "tiktok-sync.milliseconds" . | float64) }}{{ end -}}
{{- int64 $sum -}}
{{- end -}}

{{/* MiB of a Kubernetes quantity: 1Gi, 512Mi, 1.5G, 1073741824. */}}
{{- define "tiktok-sync.mebibytes" -}}
{{- $text := toString . -}}
{{- if kindIs "float64" . }}{{ $text = int64 . | toString }}{{ end -}}
{{- $units := dict "" 1.0 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 -}}
{{- $unit := regexFind "[A-Za-z]+$" $text -}}
{{- if not (hasKey $units $unit) }}{{ fail (printf "resources.limits.memory: %s has no unit the chart knows; write it in Mi or Gi" $text) }}{{ end -}}
{{- divf (mulf (trimSuffix $unit $text | float64) (get $units $unit)) 1048576.0 | floor | int64 -}}
{{- end -}}

{{/*
An option of `config` by its path: (include "tiktok-sync.option" (list .Values.config "kafka.brokers") | fromJson).value,
without the field `value` where it is not set.
*/}}
{{- define "tiktok-sync.option" -}}
{{- $found := dict "value" (index . 0) -}}
{{- range splitList "." (index . 1) -}}
{{- if and (hasKey $found "value") (kindIs "map" $found.value) (hasKey (default dict $found.value) .) -}}
{{- $found = dict "value" (get $found.value .) -}}
{{- else -}}
{{- $found = dict -}}
{{- end -}}
{{- end -}}
{{- toJson $found -}}
{{- end -}}
