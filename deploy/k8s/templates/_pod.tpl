{{- /* What every pod of the chart has in common: it may do as little as it can. */}}

{{- define "truepen.podSecurity" -}}
automountServiceAccountToken: false
# Kubernetes would otherwise set TRUEPEN_..._PORT for each Service it knows.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "truepen.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- /* (root, name): what may be written, and what proves who it is. */}}
{{- define "truepen.mounts" -}}
{{- $root := first . -}}
- name: tmp
  mountPath: /tmp
- name: data
  mountPath: /var/lib/truepen
{{- if include "truepen.showsToken" . }}
- name: token
  mountPath: /var/run/secrets/truepen
  readOnly: true
{{- end }}
{{- if ne $root.Values.tls.mode "none" }}
- name: tls
  mountPath: /etc/truepen/tls
  readOnly: true
{{- end }}
{{- end -}}

{{- define "truepen.volumes" -}}
{{- $root := first . -}}
- name: tmp
  emptyDir:
    sizeLimit: 64Mi
- name: data
{{- if and (include "truepen.sqlite" $root) (eq (last .) "suite") }}
  persistentVolumeClaim:
    claimName: {{ default (include "truepen.fullname" $root) $root.Values.database.sqlite.existingClaim }}
{{- else }}
  emptyDir:
    sizeLimit: 64Mi
{{- end }}
{{- if include "truepen.showsToken" . }}
- name: token
  projected:
    defaultMode: 0440
    sources:
      - serviceAccountToken:
          path: token
          audience: {{ $root.Values.access.cluster.audience }}
          expirationSeconds: 3600
{{- end }}
{{- if ne $root.Values.tls.mode "none" }}
- name: tls
  {{- include "truepen.tlsVolume" . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* (root, name): what a service has besides: its database's URL, who may call,
who it is to NATS, and what the cluster asks for before it shows its keys. */}}
{{- define "truepen.serviceMounts" -}}
{{- $root := first . -}}
{{- $service := include "truepen.service" . | fromYaml -}}
- name: access
  mountPath: /etc/truepen/access
  readOnly: true
{{- if $root.Values.access.cluster.enabled }}
- name: cluster
  mountPath: /var/run/secrets/cluster
  readOnly: true
{{- end }}
{{- if and $service.databases (not (include "truepen.sqlite" $root)) }}
- name: database
  mountPath: /etc/truepen/database
  readOnly: true
{{- end }}
{{- if include "truepen.natsFiles" . }}
- name: nats
  mountPath: /etc/truepen/nats
  readOnly: true
{{- end }}
{{- end -}}

{{- define "truepen.serviceVolumes" -}}
{{- $root := first . -}}
{{- $service := include "truepen.service" . | fromYaml -}}
- name: access
  configMap:
    name: {{ include "truepen.name" . }}
{{- if $root.Values.access.cluster.enabled }}
- name: cluster
  projected:
    defaultMode: 0440
    sources:
      - serviceAccountToken:
          path: token
          expirationSeconds: 3600
      - configMap:
          name: kube-root-ca.crt
          items:
            - { key: ca.crt, path: ca.crt }
{{- end }}
{{- if and $service.databases (not (include "truepen.sqlite" $root)) }}
- name: database
  {{- include "truepen.databaseVolume" (list $root $service.databases) | nindent 2 }}
{{- end }}
{{- if include "truepen.natsFiles" . }}
- name: nats
  {{- include "truepen.natsVolume" $root | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* (root, name): whether files tell who it is to NATS, or whom to believe there. */}}
{{- define "truepen.natsFiles" -}}
{{- $nats := (first .).Values.nats -}}
{{- if and (include "truepen.nats" .) (or $nats.credentials.existingSecret $nats.ca.configMap) }}true{{ end -}}
{{- end -}}

{{- define "truepen.natsVolume" -}}
projected:
  defaultMode: 0440
  sources:
    {{- with .Values.nats.credentials }}
    {{- if .existingSecret }}
    - secret:
        name: {{ .existingSecret }}
        items:
          - { key: {{ .key }}, path: user.creds }
    {{- end }}
    {{- end }}
    {{- with .Values.nats.ca }}
    {{- if .configMap }}
    - configMap:
        name: {{ .configMap }}
        items:
          - { key: {{ .key }}, path: ca.crt }
    {{- end }}
    {{- end }}
{{- end -}}

{{- /* (root, databases): the files of their URLs. */}}
{{- define "truepen.databaseVolume" -}}
{{- $secrets := (first .).Values.secrets -}}
secret:
  secretName: {{ $secrets.existingSecret }}
  defaultMode: 0440
  items:
    {{- range last . }}
    - { key: {{ index $secrets.keys (printf "%sDatabaseUrl" .) }}, path: {{ . }} }
    {{- end }}
{{- end -}}
