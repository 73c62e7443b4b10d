{{- /* Names, labels and images. A list argument is (root, name of the service). */}}

{{- define "truepen.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 45 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 45 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- /* The suite in one process bears the plain name. */}}
{{- define "truepen.name" -}}
{{- $root := first . -}}
{{- $name := last . -}}
{{- include "truepen.fullname" $root -}}
{{- if ne $name "suite" }}-{{ $name }}{{ end -}}
{{- end -}}

{{- define "truepen.dnsName" -}}
{{- $root := first . -}}
{{- include "truepen.name" . }}.{{ $root.Release.Namespace }}.svc.{{ $root.Values.clusterDomain -}}
{{- end -}}

{{- define "truepen.selector" -}}
app.kubernetes.io/name: {{ (first .).Chart.Name }}
app.kubernetes.io/instance: {{ (first .).Release.Name }}
app.kubernetes.io/component: {{ last . }}
{{- end -}}

{{- define "truepen.labels" -}}
{{- $root := first . -}}
{{ include "truepen.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end -}}
{{- end -}}

{{- /* (root, image of the service): what is set there wins over the chart's. */}}
{{- define "truepen.image" -}}
{{- $root := first . -}}
{{- $image := mergeOverwrite (deepCopy $root.Values.image) (default dict (last .)) -}}
{{- with $image.registry }}{{ . }}/{{ end -}}
{{- $image.repository -}}
:{{ default $root.Chart.AppVersion $image.tag -}}
{{- with $image.digest }}@{{ . }}{{ end -}}
{{- end -}}

{{- define "truepen.serviceAccountName" -}}
{{- $root := first . -}}
{{- $service := include "truepen.service" . | fromYaml -}}
{{- default (include "truepen.name" .) $service.serviceAccount.name -}}
{{- end -}}
